# shellcheck shell=bash
# Sourced by this benchmark's parts.

# result WHAT REFERENCE UNIT REACH FILES   one value a line in FILES.ours and FILES.real; prints all, then the medians and their ratio
result() {
  local ours real ratio verdict=missed
  echo "$1, $3: Skep $(paste -sd' ' "$5.ours"); Knative $(paste -sd' ' "$5.real")"
  ours=$(middle "$5.ours") real=$(middle "$5.real")
  ratio=$(awk -v a="${ours%% *}" -v b="${real%% *}" 'BEGIN { printf "%.2f", a / b }')
  ! awk "BEGIN { exit !($ratio $4) }" || verdict=ok
  printf 'RESULT\t%s\t%s\t%s %s\t%s %s\t%s\t%s\t%s\n' "$1" "$2" "$ours" "$3" "$real" "$3" "$ratio" "$4" "$verdict"
}

# The median of a file's values, then the least and the greatest where there are several.
middle() {
  sort -n "$1" | awk '{ v[NR] = $1 } END {
    printf "%.0f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
    if (NR > 1) printf " (%.0f-%.0f)", v[1], v[NR] }'
}
