# shellcheck shell=bash disable=SC2154
# Skep's side of bench/knative/starts, which sets 'out': SKEP_HOME names the daemon's state folder, GATEWAY its gateway's address.

settings() { ./skep image import "$out/layer.tar" --name dev.local/hello:1 --cmd /hello >/dev/null; }

end_instances() { :; }

to_zero() {
  until [ "$(kubectl get pods -l "serving.knative.dev/service=$1" -o name | wc -l)" = 0 ]; do sleep 0.5; done
}

answer() { ask "http://$GATEWAY/" "Host: $1.default.127.0.0.1.sslip.io"; }

memory() { awk '/^Pss:/ { printf "%d\n", $2 * 1024 / 1000000 }' "/proc/$(cat "$SKEP_HOME/skep.lock")/smaps_rollup"; }
