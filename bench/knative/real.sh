# shellcheck shell=bash disable=SC2154
# Knative's side of bench/knative/starts, which sets 'out': in testbed/cluster.

settings() {
  ctr images import --local "$out/hello.tar" >/dev/null 2>&1
  kubectl -n knative-serving patch configmap config-autoscaler --type=merge -p '{"data": {"scale-to-zero-grace-period": "6s"}}' >/dev/null
}

# Without the half minute in which a pod lets others forget it.
end_instances() { kubectl delete pods --all --force --grace-period=0 >/dev/null 2>&1; }

to_zero() {
  until [ "$(kubectl get "deployment/$1-00001-deployment" -o jsonpath='{.spec.replicas}')" = 0 ] \
    && [ "$(kubectl get "serverlessservices.networking.internal.knative.dev/$1-00001" -o jsonpath='{.spec.mode}')" = Proxy ]; do sleep 0.5; done
  end_instances
}

# As an ingress would ask, without its own hop.
answer() {
  ask "http://$(kubectl get "service/$1-00001" -o jsonpath='{.spec.clusterIP}')/" 'Knative-Serving-Namespace: default' "Knative-Serving-Revision: $1-00001"
}

# Of what Skep's daemon is in one process, without what is the node's (kubelet, containerd, proxy) or could be left out.
memory() {
  local name pid
  for name in etcd kube-apiserver controller webhook activator autoscaler; do
    pid=$(pgrep -x "$name")
    awk -v name="$name" '/^Pss:/ { print name, "PSS", int($2 * 1024 / 1000000), "MB" }' "/proc/$pid/smaps_rollup" >&2
    awk '/^Pss:/ { print $2 * 1024 / 1000000 }' "/proc/$pid/smaps_rollup"
  done | awk '{ sum += $1 } END { printf "%d\n", sum }'
}
