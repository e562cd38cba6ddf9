"""Directories, networks and their devices, and the tools that test them."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

NETWORKS: Final = (
    Program(
        names="crackmapexec cme netexec nxc evil-winrm smbmap certipy certipy-ad",
        flags="-H. --hash --hashes -hashes",
        catch="nxc smb 10.0.0.1 -u app -H «31d6cfe0d16ae931b73c59d7e0c089c0»",
        spare="nxc smb 10.0.0.1 -u app",
    ),
    Program(
        names="wbinfo",
        flags="-a% --authenticate% --krb5auth% -K%",
        catch="wbinfo -a app%«hunter2»",
        spare="wbinfo -u",
    ),
    Program(
        names="ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldapcompare ldapmodrdn ldapexop ldappasswd "
        "dsconf dsidm dsctl ldapurl ipa-getkeytab kadmin kadmin.local ipa",
        flags="-w",
        switches="xZvnWcMPdLAu",
        catch="ldapsearch -xw «hunter2» -D cn=app -b dc=x",
        spare="ldapsearch -x -W -D cn=app -b dc=x -p 389 -y /etc/pw",
    ),
    Program(
        names="ldappasswd slappasswd",
        flags="-s -a",
        switches="xZvnWS",
        catch="ldappasswd -x -s «hunter2» -D cn=app",
        spare="ldappasswd -S -D cn=app",
    ),
    Program(
        names="kadmin kadmin.local ipa-getkeytab ipa-client-install ipa-server-install ipa-replica-install",
        flags="-pw -w -a -P",
        catch="kadmin.local -q 'addprinc -pw «hunter2» app'",
        spare="kadmin.local -q listprincs",
    ),
    Program(
        names="snmpget snmpwalk snmpbulkwalk snmpbulkget snmpset snmpgetnext snmptrap snmpinform snmptable snmpdf "
        "snmpstatus snmpnetstat snmptranslate snmptest snmpdelta snmpusm snmpvacm net-snmp-create-v3-user "
        "snmpbulkwalk.py",
        flags="-c -A -X -k. -3m -3M",
        catch="snmpwalk -v2c -c «publ1c» -A «hunter2» host system",
        spare="snmpwalk -v3 -u app -l authNoPriv -a SHA host system",
    ),
    Program(
        names="check_snmp check_ifstatus check_ifoperstatus check_hpjd check_snmp_int.pl check_snmp_load.pl "
        "snmp_exporter snmp-check snmpcheck braa check_snmp_storage.pl check_nwc_health",
        flags="-C -c. --community -A -X",
        catch="check_snmp -H h -C «publ1c» -o x",
        spare="check_snmp -H h -o x -w 5",
    ),
    Program(
        names="check_ldap check_ldaps check_radius check_smtp check_disk_smb ipmitool ipmi-power ipmipower bmc-info "
        "ipmi-sel fence_ipmilan ipmiutil ipmicfg ipmi-sensors freeipmi racadm",
        flags="-P -p.",
        catch="ipmitool -I lanplus -H h -U app -P «hunter2» power status",
        spare="ipmitool -I lanplus -H h -U app -f /etc/pw power status",
    ),
    Program(
        names="ipmitool",
        pattern="... user set password _ X",
        takes="-I -H -U -P -L -p -f -k -C",
        catch="ipmitool user set password 2 «hunter2»",
        spare="ipmitool user set name 2 app",
    ),
    Program(
        names="wpa_passphrase",
        pattern="_ X",
        catch="wpa_passphrase home «hunter22»",
        spare="wpa_passphrase home",
    ),
    Program(
        names="nmcli wpa_cli hostapd_cli iwctl connmanctl netsh pppd ppp iwconfig iw iwpriv nm-connection-editor",
        keywords=True,
        flags="--passphrase -P",
        takes="-f -t -c -i -m",
        catch="nmcli dev wifi connect home password «hunter22» 802-1x.password «hunter23»",
        spare="nmcli con show home",
    ),
    Program(
        names="iwconfig iw",
        pattern="... key|enc X",
        catch="iwconfig wlan0 key «0123456789»",
        spare="iwconfig wlan0 key off",
    ),
    Program(
        names="psexec.py smbexec.py wmiexec.py atexec.py dcomexec.py secretsdump.py smbclient.py lookupsid.py "
        "mssqlclient.py getuserspns.py getnpusers.py gettgt.py getst.py samrdump.py rpcdump.py reg.py "
        "services.py netview.py ticketer.py addcomputer.py findelegation.py getadusers.py rbcd.py "
        "ntlmrelayx.py impacket-psexec impacket-smbexec impacket-wmiexec impacket-atexec impacket-dcomexec "
        "impacket-secretsdump impacket-smbclient impacket-lookupsid impacket-mssqlclient impacket-getuserspns "
        "impacket-getnpusers impacket-gettgt impacket-getst impacket-samrdump impacket-reg rdp_check.py "
        "impacket-services impacket-addcomputer impacket-getadusers dacledit.py owneredit.py changepasswd.py",
        flags="-hashes -nthash -aeskey -aesKey",
        pattern="?:X@",
        takes="-target-ip -dc-ip -port -codec -spn -impersonate -service-name -outputfile -request-user",
        catch="secretsdump.py -dc-ip 10.0.0.1 'CORP/app:«P@ss»@10.0.0.2' -hashes «aad3b435:31d6cfe0»",
        spare="secretsdump.py -k -no-pass CORP/app@10.0.0.2",
    ),
    Program(
        names="sqlmap wfuzz ffuf gobuster feroxbuster dirb wpscan patator",
        flags="--auth-cred: -c~ -b~ -P:",
        catch="sqlmap -u http://h.example --cookie «sid=8f2»",
        spare="sqlmap -u http://h.example --batch",
    ),
    Program(
        names="asterisk linphonec linphonecsh baresip",
        flags="--password",
        catch="linphonecsh register --host h --username a --password «hunter2»",
        spare="linphonecsh status",
    ),
    Program(
        names="doveadm",
        flags="-p",
        after="pw",
        catch="doveadm pw -s SHA512-CRYPT -p «hunter2»",
        spare="doveadm pw -l",
    ),
    Program(
        names="doveadm testsaslauthd",
        flags="-p",
        pattern="auth test|login _ X",
        catch="doveadm auth test app «hunter2»",
        spare="doveadm auth cache",
    ),
    Program(
        names="openconnect vpnc openvpn sshuttle vpncmd",
        flags="/password: --token-secret",
        catch="vpncmd /client h /password:«hunter2»",
        spare="openvpn --auth-user-pass /etc/u --askpass /etc/p --key k.pem --tls-auth ta.key",
    ),
    Program(
        names="onesixtyone",
        pattern="_ X",
        takes="-c -i -o -w -d",
        catch="onesixtyone 10.0.0.1 «publ1c»",
        spare="onesixtyone -c names.txt -i hosts.txt",
    ),
    Program(
        names="racadm",
        keywords=True,
        after="set|config",
        catch="racadm set iDRAC.Users.2.Password «hunter2»",
        spare="racadm set iDRAC.Users.2.UserName app",
    ),
    Program(
        names="fence_vmware_soap fence_vmware_rest fence_vmware fence_apc fence_apc_snmp fence_ilo fence_ilo2 "
        "fence_ilo3 "
        "fence_ilo4 fence_ilo5 fence_idrac fence_drac fence_drac5 fence_rsa fence_cisco_ucs fence_cisco_mds "
        "fence_brocade "
        "fence_bladecenter fence_eaton_snmp fence_redfish fence_rhevm fence_virsh fence_hpblade fence_wti fence_xenapi",
        flags="-p --password",
        catch="fence_vmware_soap -a vc -l app -p «hunter2» -z",
        spare="fence_vmware_soap -a vc -l app -S /etc/pw -z",
    ),
    Program(
        names="kerbrute",
        pattern="passwordspray _ X",
        takes="-d -t -o --domain --dc --threads --output --delay",
        catch="kerbrute passwordspray -d corp.example users.lst «hunter2»",
        spare="kerbrute userenum -d corp.example users.lst",
    ),
    Program(
        names="create_ap",
        pattern="_ _ _ X",
        takes="-c -w -g -d -m --country --freq-band --driver --mac --dhcp-dns",
        catch="create_ap wlan0 eth0 spot «hunter22»",
        spare="create_ap -n wlan0 spot",
    ),
    Program(
        names="radtest",
        pattern="_ X _ _ X",
        takes="-d -t",
        catch="radtest app «hunter2» h 0 «testing123»",
        spare="radtest -t pap app",
    ),
    Program(
        names="mullvad",
        pattern="account login X",
        catch="mullvad account login «1234567890123456»",
        spare="mullvad account get",
    ),
)
