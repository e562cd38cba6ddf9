"""Clients and servers of databases, caches and queues."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

DATABASES: Final = (
    Program(
        names="mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mysqlslap mysqlbinlog mysql_upgrade "
        "mysqlpump mysqlsh mariadb mariadb-dump mariadb-admin mariadb-import mariadb-show mariadb-check "
        "mariadb-binlog mariadb-backup mycli mysql_secure_installation innobackupex xtrabackup mydumper "
        "myloader mariabackup pt-table-checksum pt-query-digest",
        flags="-p*",
        prompts="--password --password1 --password2 --password3 --passw --pass",
        catch="mysql -uroot -p«hunter2» shop",
        spare="mysql -uroot -p -P 3306 --password shop",
    ),
    Program(
        names="mysqladmin mariadb-admin",
        pattern="... password X",
        takes="-u -h -P -S --user --host --port --socket",
        catch="mysqladmin -u root password «hunter2»",
        spare="mysqladmin -u root status",
    ),
    Program(
        names="mydumper myloader sqoop mycli",
        flags="-p --password",
        catch="mydumper -u root -p «hunter2» -B shop",
        spare="mydumper -u root -B shop",
    ),
    Program(
        names="psql pg_dump pg_dumpall pg_restore pg_basebackup createdb dropdb createuser dropuser vacuumdb "
        "reindexdb clusterdb pg_isready pg_receivewal pg_recvlogical pgbench pg_amcheck",
        prompts="--password --pwprompt",
        catch="psql 'host=db user=app password=«hunter2» dbname=shop'",
        spare="psql --password -p 5432 -U app shop",
    ),
    Program(
        names="redis-cli keydb-cli valkey-cli redis-benchmark dragonfly-cli iredis",
        flags="-a. --pass --requirepass",
        pattern="... auth X...",
        takes="-h -p -n -u -s --user -r -i",
        catch="redis-cli -h cache -a «hunter2» ping",
        spare="redis-cli -h cache -p 6379 --askpass ping",
    ),
    Program(
        names="redis-cli keydb-cli valkey-cli redis-server valkey-server keydb-server",
        pattern="... requirepass|masterauth X",
        catch="redis-cli config set requirepass «hunter2»",
        spare="redis-cli config get requirepass",
    ),
    Program(
        names="redis-server valkey-server keydb-server redis-sentinel",
        flags="--requirepass --masterauth --tls-key-file-pass",
        catch="redis-server --port 6379 --requirepass «hunter2» --masterauth «hunter3»",
        spare="redis-server --port 6379 --protected-mode yes",
    ),
    Program(
        names="mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles bsondump "
        "cqlsh cypher-shell hdbsql couchbase-cli cbbackup cbq cbc cbbackupmgr clickhouse-client "
        "clickhouse-benchmark beeline pulsar-admin rabbitmqadmin solr arangosh",
        flags="-p --password -password -pw",
        catch="mongodump -u app -p «hunter2» --db shop",
        spare="mongodump -u app --db shop --port 27017",
    ),
    Program(
        names="influx",
        flags="-t. --token -password.",
        catch="influx -port 8086 -password «hunter2» query -t «abcdef==» x",
        spare="influx query x",
    ),
    Program(
        names="vsql nzsql ldapvi",
        flags="-w -pw",
        catch="vsql -U app -w «hunter2»",
        spare="vsql -U app -p 5433",
    ),
    Program(
        names="sqlcmd osql bcp tsql asadm aql asinfo mssql-cli go-sqlcmd isql-fb dbisql mosquitto_pub mosquitto_sub "
        "mosquitto_rr mqttx check_mssql_health",
        flags="-P",
        catch="sqlcmd -S db -U sa -P «hunter2» -Q x",
        spare="sqlcmd -S db -U sa -i x.sql -p 1",
    ),
    Program(
        names="mosquitto_passwd htpasswd",
        after="-b",
        pattern="_ _ X",
        takes="-C -r",
        catch="htpasswd -bB /etc/h app «hunter2»",
        spare="htpasswd -B /etc/h app",
    ),
    Program(
        names="htpasswd",
        after="-n",
        pattern="_ X",
        takes="-C -r",
        catch="htpasswd -nbB app «hunter2»",
        spare="htpasswd -n app",
    ),
    Program(
        names="sqlplus sqlplus64 expdp impdp exp imp rman sqlldr sql sqlcl adrci dgmgrl",
        pattern="?/X",
        takes="-c -C -F -M -R",
        catch="sqlplus -s scott/«tiger»@//db:1521/x @run.sql",
        spare="sqlplus -s / as sysdba",
    ),
    Program(
        names="sqlldr expdp impdp exp imp rman dgmgrl tnsping sqlplus",
        flags="userid=/ target=/ catalog=/ auxiliary=/",
        pattern="... connect|target|catalog ?/X",
        catch="rman target sys/«hunter2»@db",
        spare="rman target /",
    ),
    Program(
        names="isql iusql",
        pattern="_ _ X",
        catch="isql dsn app «hunter2» -b",
        spare="isql dsn app",
    ),
    Program(
        names="db2 bteq",
        pattern="... using X",
        catch="db2 connect to shop user app using «hunter2»",
        spare="db2 connect to shop user app",
    ),
    Program(
        names="neo4j-admin",
        pattern="... set-initial-password X",
        catch="neo4j-admin dbms set-initial-password «hunter2»",
        spare="neo4j-admin dbms info",
    ),
    Program(
        names="rabbitmqctl",
        pattern="... add_user|change_password|authenticate_user _ X",
        takes="-n -p --node",
        catch="rabbitmqctl -n a add_user app «hunter2»",
        spare="rabbitmqctl list_users",
    ),
    Program(
        names="etcdctl",
        flags="--user: -u:",
        catch="etcdctl --user root:«hunter2» get x",
        spare="etcdctl --user root get x",
    ),
    Program(
        names="zkcli zkcli.sh zookeeper-shell.sh",
        pattern="... addauth digest ?:X",
        catch="zkCli.sh -server h addauth digest app:«hunter2»",
        spare="zkCli.sh -server h ls /",
    ),
    Program(
        names="elasticsearch-users elasticsearch-keystore elasticsearch-reset-password",
        flags="-p",
        catch="elasticsearch-users useradd app -p «hunter2» -r admin",
        spare="elasticsearch-users list",
    ),
    Program(
        names="nats nats-server gnatsd nats-streaming-server",
        flags="--pass --auth",
        catch="nats-server --user app --pass «hunter2»",
        spare="nats-server -p 4222 --auth_timeout 5",
    ),
    Program(
        names="nodetool sstableloader sstable-loader dsetool",
        flags="-pw --password",
        catch="nodetool -h db -p 7199 -u app -pw «hunter2» status",
        spare="nodetool -h db -p 7199 repair -pr shop",
    ),
    Program(
        names="redis-sentinel redis-server valkey-server valkey-sentinel redis-cli valkey-cli",
        pattern="... auth-pass _ X",
        catch="redis-sentinel /etc/s.conf --sentinel auth-pass main «hunter2»",
        spare="redis-sentinel /etc/s.conf --sentinel down-after main 5000",
    ),
    Program(
        names="etcdctl",
        pattern="user add|passwd ?:X",
        takes="--endpoints --cacert --cert --key --user",
        catch="etcdctl user add app:«hunter2»",
        spare="etcdctl user list",
    ),
    Program(
        names="consul",
        pattern="acl set-agent-token _ X",
        catch="consul acl set-agent-token agent «0123-abcd»",
        spare="consul acl token list",
    ),
)
