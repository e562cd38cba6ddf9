"""Clouds, clusters, registries of images, secret stores of fleets."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

CLOUD: Final = (
    Program(
        names="docker podman nerdctl buildah skopeo helm oras crane regctl docker-compose ctr singularity apptainer "
        "img kaniko az oc cf rancher ibmcloud argocd cloudsmith jf jfrog dockerd harbor doctl",
        flags="-p --password",
        after="login|registry|signin",
        catch="docker login -u app -p «hunter2» r.example",
        spare="docker run -p 8080:80 -u 1000:1000 nginx",
    ),
    Program(
        names="skopeo buildah podman crictl ctr nerdctl umoci",
        flags="--creds: --src-creds: --dest-creds: --user: -u:",
        after="pull|push|copy|inspect|images|image|delete|sync|list-tags|login",
        catch="ctr images pull -u app:«hunter2» r.example/a:1",
        spare="podman pull r.example/a:1",
    ),
    Program(
        names="oc rancher k3s rke2 doctl hcloud linode-cli civo eksctl cluster-api",
        flags="-t.",
        after="login|server|agent|auth",
        catch="k3s agent --server https://h.example -t «K10abc»",
        spare="oc get pods -t x",
    ),
    Program(
        names="docker podman nerdctl buildah",
        harmless="--secret --secret-add --secret-rm",
        catch="docker service create --secret db -e DB_PASSWORD=«hunter2» app",
        spare="podman run --secret db,target=DB_PASSWORD app",
    ),
    Program(
        names="vault bao",
        pattern="login|unseal X!",
        takes="-method -path -address",
        catch="vault login «t0ken»",
        spare="vault login -method=ldap username=app",
    ),
    Program(
        names="vault bao",
        flags="secret_id=*",
        catch="vault write auth/approle/login role_id=a secret_id=«abc123»",
        spare="vault write auth/approle/role/a secret_id_ttl=10m",
    ),
    Program(
        names="vault bao",
        pattern="operator unseal X",
        catch="vault operator unseal «abc123»",
        spare="vault operator init",
    ),
    Program(
        names="aws aws2 aliyun tccli oci gcloud",
        keywords=True,
        after="set|configure",
        catch="aws configure set aws_secret_access_key «abc/def» --profile x",
        spare="aws secretsmanager get-secret-value --secret-id db",
    ),
    Program(
        names="aws",
        flags="--secret-string --master-user-password --user-pool-secret --auth-token --new-password --plaintext",
        catch="aws secretsmanager create-secret --name db --secret-string «hunter2»",
        spare="aws kms encrypt --key-id k --plaintext fileb://x --secret-id db",
    ),
    Program(
        names="aws",
        flags="--value.",
        after="put-parameter",
        catch="aws ssm put-parameter --name db --type SecureString --value «hunter2»",
        spare="aws ssm get-parameter --name db --with-decryption",
    ),
    Program(
        names="az",
        flags="--value.",
        after="secret",
        catch="az keyvault secret set --vault-name v --name n --value «hunter2»",
        spare="az keyvault secret show --vault-name v --name n",
    ),
    Program(
        names="gcloud",
        harmless="--secret --secrets --set-secrets --update-secrets --remove-secrets",
        catch="gcloud sql users create app --password=«hunter2»",
        spare="gcloud run deploy a --set-secrets DB_PASSWORD=db:latest --update-secrets=A=db:latest",
    ),
    Program(
        names="aws",
        flags="--token-code",
        harmless="--client-token --client-request-token --pagination-token --continuation-token --creation-token",
        catch="aws sts assume-role --serial-number x --token-code «123456»",
        spare="aws ec2 run-instances --client-token t1",
    ),
    Program(
        names="etcd",
        harmless="--auth-token --initial-cluster-token",
        catch="etcd --name a --password=«hunter2»",
        spare="etcd --auth-token=simple --initial-cluster-token etcd-cluster-1",
    ),
    Program(
        names="mc mcli minio-client",
        pattern="alias set _ _ _ X",
        catch="mc alias set s3 https://h.example app «hunter2abc»",
        spare="mc alias list s3",
    ),
    Program(
        names="mc mcli minio-client",
        pattern="config host add _ _ _ X",
        catch="mc config host add s3 https://h.example app «hunter2abc»",
        spare="mc ls s3",
    ),
    Program(
        names="mc mcli minio-client",
        pattern="admin user add _ _ X",
        catch="mc admin user add s3 app «hunter2abc»",
        spare="mc admin user list s3",
    ),
    Program(
        names="swift openstack",
        flags="-K --os-password",
        catch="swift -A https://h.example -U a -K «abc123» list",
        spare="openstack server list",
    ),
    Program(
        names="heroku flyctl vercel netlify railway render scalingo",
        flags="--api-key -t.",
        catch="vercel deploy -t «abc123» --prod",
        spare="heroku logs --tail",
    ),
    Program(
        names="ngrok",
        pattern="authtoken X",
        catch="ngrok authtoken «abc123»",
        spare="ngrok http 80",
    ),
    Program(
        names="ngrok",
        pattern="config add-authtoken|add-api-key X",
        catch="ngrok config add-authtoken «abc123»",
        spare="ngrok config check",
    ),
    Program(
        names="cloudflared",
        pattern="service install X",
        catch="cloudflared service install «eyJhIjoiNWFi»",
        spare="cloudflared tunnel list",
    ),
    Program(
        names="cf bluemix",
        pattern="auth _ X",
        catch="cf auth app «hunter2»",
        spare="cf apps",
    ),
    Program(
        names="ansible ansible-playbook ansible-pull ansible-vault ansible-galaxy",
        prompts="--ask-pass --ask-vault-pass --ask-become-pass",
        flags="--token --api-key",
        catch="ansible-playbook -e ansible_password=«hunter2» site.yml",
        spare="ansible-playbook -k -K --vault-password-file /etc/v --private-key k site.yml",
    ),
    Program(
        names="etcdctl consul nomad boundary waypoint",
        flags="-token -secret -encrypt",
        catch="consul members -token «abc-123»",
        spare="consul members -http-addr h:8500",
    ),
    Program(
        names="s3cmd s3fs s4cmd goofys",
        flags="--secret_key --secret-key --access_key --access-token",
        catch="s3cmd --access_key=«abc» --secret_key=«def» ls",
        spare="s3cmd ls s3://b",
    ),
    Program(
        names="kubectl oc",
        flags="--docker-password --token --password",
        catch="kubectl create secret docker-registry r --docker-username=a --docker-password=«hunter2»",
        spare="kubectl get secret db -o yaml",
    ),
    Program(
        names="kubectl oc",
        flags="--from-literal=",
        after="secret",
        catch="kubectl create secret generic db --from-literal=value=«hunter2»",
        spare="kubectl create configmap c --from-literal=mode=fast",
    ),
    Program(
        names="virt-install qemu-system-x86_64 qemu-img qemu virsh",
        flags="--vnc-password",
        catch="qemu-img convert --object secret,id=s0,data=«hunter2» a b",
        spare="qemu-img convert --object secret,id=s0,file=/etc/k a b",
    ),
    Program(
        names="az",
        flags="-p.",
        after="sql|mysql|postgres|mariadb|synapse",
        catch="az sql server create -n a -g b -u app -p «hunter2»",
        spare="az network nsg rule list -g b",
    ),
    Program(
        names="vault bao",
        flags="-dev-root-token-id.",
        catch="vault server -dev -dev-root-token-id «root123»",
        spare="vault server -config /etc/vault.hcl",
    ),
    Program(
        names="op",
        flags="--session",
        catch="op item get db --session «abcdef»",
        spare="op item get db --fields password",
    ),
    Program(
        names="fly",
        flags="-p --password",
        after="login",
        takes="-t --target -n --team-name -c --concourse-url",
        catch="fly -t ci login -u app -p «hunter2»",
        spare="fly -t ci set-pipeline -p app -c a.yml",
    ),
)
