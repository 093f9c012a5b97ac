#!/bin/sh
# Makes all that is secret in ../compose.yaml: passwords, keys, and certificates by an authority of this installation's own.
#
#   sh deploy/compose/secrets.sh [FOLDER]     by default secrets/ beside deploy/, where neither git nor the image looks
#
# What is there stays as it is. To renew one, delete its file and run this again; ../runbook.md says what must follow.
# Nobody else can enter the folder, but each file in it can be read by all: Compose mounts files as they are, and every
# container has a user of its own. The authority's key is mounted nowhere; keep it with your backups, or delete it once
# the certificates are made.
set -eu
command -v openssl > /dev/null || { echo "openssl is not here: install it, and run this again." >&2; exit 1; }
umask 077
folder=${1:-$(dirname "$0")/../../secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

write() { # write NAME: its content comes on stdin; a half-written secret is none
    cat > "$1.new"
    chmod 444 "$1.new"
    mv "$1.new" "$1"
}

password() { # password NAME...: 256 bits each, without a line's end, which some programs would take for a part of it
    for name in "$@"; do
        [ -s "$name" ] || openssl rand -hex 32 | tr -d '\n' | write "$name"
    done
}

certificate() { # certificate NAME: for the host of that name, and for this machine; NAME.key, NAME.crt
    [ -s "$1.crt" ] && return
    if [ ! -s ca.key ]; then
        echo "$1.crt is to be made anew, and ca.key, which signs it, is not in $(pwd): put it there for as long as this runs." >&2
        exit 1
    fi
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2> /dev/null | write "$1.key"
    cat > "$1.ext" <<EXTENSIONS
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:$1, DNS:localhost, IP:127.0.0.1
EXTENSIONS
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days 825 -sha256 \
        -extfile "$1.ext" -out "$1.signed" 2> "$1.told" || { cat "$1.told" >&2; exit 1; }
    write "$1.crt" < "$1.signed"
    rm "$1.csr" "$1.ext" "$1.signed" "$1.told"
}

if [ ! -s ca.crt ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key 2> /dev/null
    openssl req -x509 -new -key ca.key -subj "/CN=flagpost on $(uname -n)" -days 3650 -sha256 \
        -addext "keyUsage = critical, keyCertSign, cRLSign" -out ca.signed
    write ca.crt < ca.signed
    rm ca.signed
fi
certificate kafka
certificate elasticsearch
certificate kibana
[ -e kafka.pem ] && [ kafka.pem -nt kafka.crt ] || cat kafka.key kafka.crt | write kafka.pem # as Kafka reads it

password kafka_admin kafka_setup kafka_ingest kafka_classify kafka_index kafka_alert kafka_page kafka_review \
    kafka_alerts kafka_retain kafka_operator kafka_analyst kafka_records kafka_auditor
password elasticsearch_elastic elasticsearch_kibana elasticsearch_setup elasticsearch_index elasticsearch_dashboards \
    elasticsearch_retain elasticsearch_operator elasticsearch_analyst elasticsearch_records elasticsearch_auditor
password kibana_objects_key kibana_session_key kibana_reporting_key
password grafana_admin http_token links_secret
for switch in heartbeat_url retain_heartbeat_url; do
    [ -e $switch ] || write $switch < /dev/null
done
mkdir -p channels # keys and addresses of channels: yours to put here
chmod 755 channels

echo "Secrets are in $(pwd). Passwords that people need: elasticsearch_elastic (Kibana's first sign-on), grafana_admin, http_token."
