#!/bin/sh
# Runs one service as the container's first process, so that it gets SIGTERM and drains.
set -eu
service=$1
shift
main="/app/services/$service/src/main.ts"
if [ ! -f "$main" ]; then
  echo "no service \"$service\"; there are: $(cd /app/services && echo *)" >&2
  exit 2
fi
exec node --disable-warning=ExperimentalWarning "$main" --config "${HASIVU_CONFIG:-/etc/hasivu/hasivu.yaml}" "$@"
