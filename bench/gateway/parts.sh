# shellcheck shell=bash
# Sourced by benchmarks that put a proxy in front of an nginx, from the repository's root with testbed/toolchain.sh: the nginx, our gateway, and
# what asks them. 'dir' is a folder for files, what is in 'pids' ends with the script.

dir=$(mktemp -d)
seconds=${SECONDS_EACH:-6} # of each round
pids=()

cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT

ports() {
  local first
  for _ in {1..50}; do
    first=$((20000 + RANDOM % 10000))
    origin1=$first origin2=$((first + 1)) haproxy1=$((first + 2)) haproxy2=$((first + 3)) gateway=$((first + 4))
    free "$origin1" && free "$origin2" && free "$haproxy1" && free "$haproxy2" && free "$gateway" && return
  done
  say "found no five free ports in a row between 20000 and 30000"
  return 1
}

free() { ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

await() {
  for _ in {1..200}; do
    free "$1" || return 0
    sleep 0.05
  done
  say "$2 does not listen on port $1:"
  cat "$dir/$2.log" >&2
  return 1
}

start_origin() {
  local server='location / { return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n"; }'
  cat >"$dir/nginx.conf" <<EOF
worker_processes 1; daemon off; pid $dir/nginx.pid; error_log $dir/nginx.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 3600s;
  client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
  server { listen 127.0.0.1:$origin1 backlog=4096; $server }
  server { listen 127.0.0.1:$origin2 http2 backlog=4096; http2_max_requests 100000000; $server }
}
EOF
  "$(command -v nginx || echo /usr/sbin/nginx)" -p "$dir" -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1 &
  pids+=($!)
  await "$origin1" nginx
}

classpath=target/bench-gateway.classpath

build_gateway() {
  [ ! -e gateway/target/test-classes/dev/skep/gateway/BenchGateway.class ] || [ ! -e "$classpath" ] || return 0
  find_maven
  echo "building the gateway"
  "$MVN" -q package -DskipTests -pl gateway -am dependency:build-classpath -Dmdep.outputFile="$PWD/$classpath" \
    -Dmdep.includeScope=test >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log" && return 1; }
}

start_gateway() {
  build_gateway
  "$JAVA_HOME/bin/java" -Xmx256m -XX:+UseSerialGC -XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED \
    --sun-misc-unsafe-memory-access=allow \
    -cp "gateway/target/test-classes:$(ls gateway/target/skep-gateway-*.jar):$(cat "$classpath")" \
    dev.skep.gateway.BenchGateway "$gateway" "$origin1" "$origin2" >"$dir/gateway.log" 2>&1 &
  pids+=($!)
  await "$gateway" gateway
}

# latencies_at PORT   microseconds of each request at 1,000 requests/s, the first second left out
latencies_at() {
  h2load --h1 -c10 --rps=100 -D "$seconds" --log-file="$dir/latency" --connect-to="127.0.0.1:$1" "http://h1.bench:$1/" >/dev/null 2>&1
  awk 'NR == 1 { start = $1 } $1 >= start + 1000000 && $2 == 200 { print $3 }' "$dir/latency"
  rm -f "$dir/latency"
}

http1_at() { wrk -t1 -c64 "-d${seconds}s" -H 'Host: h1.bench' "http://127.0.0.1:$1/" | awk '/Requests\/sec/ { print $2 }'; }

median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
