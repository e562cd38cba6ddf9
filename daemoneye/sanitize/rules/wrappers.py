"""Programs that run another program: where its command line begins in theirs."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Wrapper

SHELLS: Final = frozenset("sh bash dash zsh ksh mksh ash fish rbash csh tcsh yash pwsh powershell".split())
POWERSHELLS: Final = frozenset("pwsh powershell".split())  # their quoting is their own

_DOCKER_SWITCHES = (
    "-d -i -t -it -ti -dit -itd -id -di -dt -td --rm --privileged --init --detach --interactive --tty --read-only "
    "--no-healthcheck "
    "--oom-kill-disable -P --publish-all --disable-content-trust --sig-proxy -q --quiet --no-deps --service-ports "
    "--use-aliases --build -T --no-tty --no-TTY --tls --tlsverify -D --debug --replace --systemd --remote "
    "--http-proxy --help"
)

WRAPPERS: Final = (
    Wrapper(
        names="sudo doas",
        takes="-u -g -h -p -C -r -t -T -U -D -R -c -a --user --group --host --prompt --chdir --role --type",
        catch="sudo -u app -p ask mysql -p«hunter2»",
        spare="sudo -p ask -u app mysql -p shop",
    ),
    Wrapper(
        names="kadmin kadmin.local lftp",
        skips=None,
        script="-q -e -c",
        catch="kadmin.local -q 'addprinc -pw «hunter2» app'",
        spare="kadmin.local -q listprincs",
    ),
    Wrapper(
        names="sshpass",
        takes="-p -f -d -P",
        catch="sshpass -p «hunter2» mysql -p«hunter3»",
        spare="sshpass -e ssh -p 22 host",
    ),
    Wrapper(
        names="env envdir s6-envdir",
        takes="-u -C --unset --chdir",
        script="-S",
        catch="env -i A=b mysql -p«hunter2»",
        spare="env -u A ssh -p 22 host",
    ),
    Wrapper(
        names="nohup time command exec builtin eval setsid coproc then do else if elif while until ! { caffeinate "
        "torsocks torify proxychains proxychains4 fakeroot proot unbuffer rlwrap winpty catatonit tini "
        "dumb-init busybox toybox systemd-cat dbus-run-session dbus-launch xvfb-run heaptrack catchsegv "
        "trickle linux32 linux64 pkexec nocache eatmydata",
        takes="-a -f -o --server-args --server-num --format --output",
        catch="nohup time -p mysql -p«hunter2»",
        spare="nohup time -p ssh -p 22 host",
    ),
    Wrapper(
        names="nice ionice stdbuf numactl setpriv prlimit cgexec cpulimit",
        takes="-n -c -p -i -o -e -g -l --adjustment --class --classdata --reuid --regid --membind --cpunodebind",
        catch="nice -n 5 ionice -c 3 mysql -p«hunter2»",
        spare="nice -n 5 mkdir -p a",
    ),
    Wrapper(
        names="chrt taskset",
        takes="-T -P -D --sched-runtime --sched-period --sched-deadline",
        skips=1,
        catch="taskset -c 0-3 chrt -b 0 mysql -p«hunter2»",
        spare="taskset -c 0-3 chrt -r 5 ssh -p 22 host",
    ),
    Wrapper(
        names="xargs parallel watch entr",
        takes="-I -n -P -L -d -a -s -E -j -S --max-procs --max-args --delimiter --arg-file --interval --jobs "
        "--sshlogin",
        catch="xargs -0 -n 1 mysql -p«hunter2»",
        spare="watch -n 1 ps -p 1",
    ),
    Wrapper(
        names="strace perf valgrind gdb lldb rr uftrace unshare nsenter bwrap firejail script screen tmux expect",
        takes="-e -o -s -u -O -X -E -t -S -n -L --target",
        opens="--args -dm -dmS",
        script="-c",
        catch="strace -f -e trace=open mysql -p«hunter2»",
        spare="strace -f -p 42 -s 200",
    ),
    Wrapper(
        names="ltrace",
        takes="-e -o -s -u -n -p -l -x -a -A -D -F",
        catch="ltrace -S -o /tmp/t mysql -p«hunter2»",
        spare="ltrace -f -p 42 -s 200",
    ),
    Wrapper(
        names="systemd-run systemd-inhibit start-stop-daemon daemonize daemon runcon chpst envuidgid setuidgid "
        "mpirun mpiexec srun supervise runsv",
        takes="-p -u -n -c -g -d -r -x -t -E --unit --uid --gid --slice --property --description "
        "--working-directory --setenv --pidfile --chuid --user --group --name --chdir --who --what --why "
        "--mode --host -H -M --machine",
        opens="--exec -x --startas",
        catch="systemd-run --uid 7 -p A=b mysql -p«hunter2»",
        spare="systemd-run -p MemoryMax=1G ssh -p 22 host",
    ),
    Wrapper(
        names="timeout gtimeout chroot flock gosu su-exec setlock sg s6-setuidgid softlimit faketime",
        takes="-s -k -p -c --signal --kill-after -w --timeout -E --userspec --groups",
        skips=1,
        script="-c",
        catch="timeout -k 5 10 mysql -p«hunter2»",
        spare="timeout 10 ssh -p 22 host",
    ),
    Wrapper(
        names="docker podman nerdctl docker-compose podman-compose lxc crictl ctr incus",
        switches=_DOCKER_SWITCHES,
        skips=1,
        verbs="run exec create shell",
        catch="docker exec -it -u root db mysql -p«hunter2»",
        spare="docker run --name mysql -p 3306:3306 -u 1000:1000 mysql -p 3306",
    ),
    Wrapper(
        names="kubectl oc k3s microk8s minikube",
        takes="-n -c -f --namespace --container --context --kubeconfig --cluster --image --filename -l --selector",
        skips=1,
        verbs="exec rsh run debug kubectl ssh",
        catch="kubectl -n prod exec db-0 -c pg -- mysql -p«hunter2»",
        spare="kubectl exec db-0 -- psql -p 5432",
    ),
    Wrapper(
        names="ssh autossh mosh dbclient plink slogin",
        takes="-p -i -l -o -F -L -R -D -J -b -c -E -e -I -m -M -O -Q -S -W -w -B -P -pw -hostkey",
        skips=1,
        catch="ssh -p 22 -i key host mysql -p«hunter2»",
        spare="ssh -p 22 -i key user@host uptime -p",
    ),
    Wrapper(
        names="su runuser machinectl xterm gnome-terminal konsole xfce4-terminal urxvt alacritty kitty vagrant "
        "flatpak distrobox toolbox pdsh pssh parallel-ssh clush salt ansible rsh",
        takes="-s -g -G -w -l -t -u -m -i -f --shell --group --supp-group",
        opens="-e --execute --",
        script="-c --command -a --session-command",
        catch="su - app -c 'mysql -p«hunter2»'",
        spare="su -s /bin/sh app -c 'ssh -p 22 host'",
    ),
    Wrapper(
        names="find fd gfind",
        opens="-exec -execdir -ok -okdir -x -X --exec --exec-batch",
        skips=None,
        catch="find . -name x.sql -exec mysql -p«hunter2» ;",
        spare="find . -name mysql -p -perm 644",
    ),
    Wrapper(
        names="python perl ruby node nodejs php java deno bun lua pypy tclsh wine mono dotnet uv uvx pipx npx bunx "
        "yarn pnpm poetry pipenv conda mamba bundle rye hatch pdm tox coverage pythonw ipython",
        takes="-W -X -c -e -E -r -I -cp -classpath --add-modules --add-opens -p --require -S -d",
        opens="-m -jar run exec",
        catch="python3 -m twine upload -u app -p «hunter2» dist/x",
        spare="python3 -u -W error app.py -p 8080",
    ),
)

# Their arguments are names of programs and patterns, not commands.
NAMERS: Final = frozenset(
    "apt apt-get aptitude dpkg dpkg-query rpm yum dnf zypper apk pacman brew snap port pkg emerge nix-env choco "
    "winget scoop pip pip3 npm gem cargo man info which whereis type whatis apropos hash command-not-found "
    "systemctl service chkconfig rc-service killall pkill pgrep pidof ps top htop grep egrep fgrep zgrep rg ag "
    "ack git ls ll cat less more head tail vi vim nano emacs code cp mv rm ln chmod chown stat file test [ echo "
    "printf logger useradd usermod userdel".split()
)
# What they are given is searched for, not assigned.
SEARCHERS: Final = frozenset(
    "grep egrep fgrep zgrep rg ag ack pgrep pkill jq yq ripgrep zegrep bzgrep findstr select-string".split()
)
# They write their arguments out.
SPEAKERS: Final = frozenset("echo printf yes print".split())
