"""Forges, package registries, build tools and the services that developers log in to."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

DEVELOPMENT: Final = (
    Program(
        names="gh",
        flags="-b --body",
        after="secret",
        catch="gh secret set NAME -b «hunter2»",
        spare="gh pr create -b text --body more",
    ),
    Program(
        names="snyk",
        pattern="auth X",
        catch="snyk auth «abc123»",
        spare="snyk test",
    ),
    Program(
        names="npm yarn pnpm bun lerna",
        keywords=True,
        after="config|set",
        catch="npm config set //registry.npmjs.org/:_authToken «abc123»",
        spare="npm config set cache /tmp/npm",
    ),
    Program(
        names="npm yarn pnpm",
        flags="--otp --_authToken --_auth --_password",
        catch="npm publish --otp «123456»",
        spare="npm run build -p x",
    ),
    Program(
        names="composer",
        pattern="config http-basic.* _ X",
        catch="composer config http-basic.repo.example app «hunter2»",
        spare="composer config name app/x",
    ),
    Program(
        names="composer",
        pattern="config github-oauth.*|gitlab-oauth.*|gitlab-token.*|bearer.*|bitbucket-oauth.* X",
        catch="composer config -g github-oauth.github.com «abc123»",
        spare="composer config -g cache-dir /tmp",
    ),
    Program(
        names="poetry",
        pattern="config http-basic.* _ X",
        catch="poetry config http-basic.r app «hunter2»",
        spare="poetry config cache-dir /tmp",
    ),
    Program(
        names="poetry",
        pattern="config pypi-token.* X",
        catch="poetry config pypi-token.pypi «abc123»",
        spare="poetry install",
    ),
    Program(
        names="poetry twine uv flit hatch maturin",
        flags="-p --password --token",
        after="publish|upload",
        catch="twine upload -u app -p «hunter2» dist/x",
        spare="poetry run app -p 80",
    ),
    Program(
        names="cargo",
        pattern="login X",
        catch="cargo login «abc123»",
        spare="cargo build -p app",
    ),
    Program(
        names="nuget nuget.exe choco choco.exe dotnet",
        flags="-apikey. -api-key. -k. --api-key --apikey -ApiKey. -p.",
        after="push|setapikey|apikey|add|update",
        pattern="setapikey X",
        catch="dotnet nuget push a.nupkg -k «abc123» -s r",
        spare="dotnet run -p app.csproj",
    ),
    Program(
        names="dotnet",
        keywords=True,
        after="user-secrets",
        catch="dotnet user-secrets set Db:Password «hunter2»",
        spare="dotnet user-secrets list",
    ),
    Program(
        names="gitlab-runner gitlab-ci-multi-runner",
        flags="-r -t",
        after="register|unregister|verify",
        catch="gitlab-runner register -u https://h.example -r «abc123»",
        spare="gitlab-runner run --working-directory /x",
    ),
    Program(
        names="puppet hiera eyaml sops",
        flags="-s",
        after="encrypt",
        catch="eyaml encrypt -s «hunter2»",
        spare="eyaml decrypt -f a.yaml",
    ),
    Program(
        names="sonar-scanner sonar-scanner-cli mvn mvnw gradle gradlew",
        flags="-Dsonar.login -Dsonar.password -Psonar.login",
        catch="sonar-scanner -Dsonar.login=«abc123»",
        spare="mvn -Dsonar.host.url=https://h.example -P release -pl app",
    ),
    Program(
        names="sentry-cli datadog-agent datadog-ci newrelic pulumi circleci buildkite-agent travis codecov "
        "coveralls codecov.sh tailscale infracost wakatime-cli nexus fossa",
        flags="--auth-token -t. --authkey --auth-key --api-key",
        catch="tailscale up --authkey «abc123»",
        spare="tailscale status",
    ),
    Program(
        names="code-server openvscode-server jupyter jupyter-lab jupyter-notebook ttyd filebrowser shellinabox gotty",
        flags="-c: --credential: --password",
        catch="ttyd -c app:«hunter2» bash",
        spare="ttyd -p 7681 bash",
    ),
    Program(
        names="pulumi",
        pattern="config set _ X",
        after="--secret",
        takes="-s --stack -C --cwd --config-file",
        prompts="--secret",
        catch="pulumi config set --secret dbPassword «hunter2»",
        spare="pulumi config set --secret dbPassword",
    ),
    Program(
        names="bundle bundler",
        pattern="config set *. ?:X",
        catch="bundle config set --global gems.example.com app:«hunter2»",
        spare="bundle config set without development:test",
    ),
    Program(
        names="bundle bundler",
        pattern="config *. ?:X",
        catch="bundle config gems.example.com app:«hunter2»",
        spare="bundle config mirror.https://rubygems.org https://h.example",
    ),
    Program(
        names="conda mamba anaconda",
        pattern="token set X",
        flags="-t. --token",
        takes="-u -n --user --name",
        catch="anaconda -t «abc123» upload a.tar.bz2",
        spare="conda install -n app numpy",
    ),
    Program(
        names="grafana grafana-cli",
        pattern="... reset-admin-password X",
        takes="--homepath --config --configOverrides --user-id",
        catch="grafana cli --homepath /usr/share/g admin reset-admin-password «hunter2»",
        spare="grafana cli plugins ls",
    ),
    Program(
        names="p4",
        flags="-P.",
        catch="p4 -u ci -P «06FEFF61» sync",
        spare="p4 -u ci -p ssl:h.example:1666 sync",
    ),
    Program(
        names="pro ua",
        pattern="attach X",
        catch="pro attach «C1abc»",
        spare="pro status",
    ),
    Program(
        names="git hg svn bzr fossil cvs jj",
        prose="-m -am --message -F --grep",
        catch="git commit -m 'set password=«hunter2»'",
        spare="git commit -am 'password: fix, and the token=expired case'",
    ),
    Program(
        names="gh glab hub tea jira",
        prose="-t --title --body -d --description -m --message --notes -n --subject",
        catch="gh issue create --title a --body 'the key is «ghp_16C7e42F292c6912E7710c838347Ae178B4a»'",
        spare="gh pr create --title 'fix: secret: rotate' --body 'password: explained'",
    ),
    Program(
        names="drush",
        pattern="user:password|user-password|upwd _ X",
        catch="drush user:password admin «hunter2»",
        spare="drush user:block admin",
    ),
    Program(
        names="wandb",
        pattern="login X",
        takes="--host",
        catch="wandb login «0123456789abcdef»",
        spare="wandb login --relogin",
    ),
    Program(
        names="drone woodpecker woodpecker-cli",
        flags="--data --value",
        after="secret",
        catch="drone secret add --name db --data «hunter2» org/app",
        spare="drone secret ls org/app",
    ),
    Program(
        names="add-user.sh",
        flags="-p --password",
        pattern="_ X",
        takes="-u -g -r -cw --user --group",
        catch="add-user.sh -u app -p «hunter2» -s",
        spare="add-user.sh --help",
    ),
)
