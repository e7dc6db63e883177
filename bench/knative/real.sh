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

# The sum of what Skep's daemon is in one process; the node's parts and the rest of Kubernetes are printed (to 3), but not counted.
memory() {
  local name
  for name in kube-controller kube-scheduler coredns kubelet kube-proxy containerd; do echo "not counted: $name $(pss "$name") MB" >&3; done
  for name in etcd kube-apiserver controller webhook activator autoscaler; do
    echo "counted: $name $(pss "$name") MB" >&3
    pss "$name"
  done | awk '{ sum += $1 } END { print sum }'
}

# The name as the kernel knows it, 15 characters.
pss() { awk '/^Pss:/ { printf "%.1f\n", $2 * 1024 / 1000000 }' "/proc/$(pgrep -x "$1")/smaps_rollup"; }
