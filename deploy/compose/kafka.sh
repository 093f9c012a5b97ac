#!/bin/bash
# Starts the broker in its container. Before the first start its disk is formatted, with the administrator's password: who is
# the first to sign on must be known before anybody can be asked.
set -euo pipefail

PROPERTIES=/etc/flagpost/kafka.properties
DATA=/var/lib/kafka/data

if [ ! -e "$DATA/meta.properties" ]; then
    id=$(/opt/kafka/bin/kafka-storage.sh random-uuid | tail -1) # its own log may stand before it
    # What it prints has the keys that the password makes: they are not for the container's log.
    /opt/kafka/bin/kafka-storage.sh format --config "$PROPERTIES" --cluster-id "$id" \
        --add-scram "SCRAM-SHA-512=[name=admin,password=$(cat /run/secrets/kafka_admin)]" > /dev/null
fi
exec /opt/kafka/bin/kafka-server-start.sh "$PROPERTIES"
