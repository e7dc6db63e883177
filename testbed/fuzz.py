"""What testbed/fuzz adds to schemathesis. As a program it prints one OpenAPI document for all groups that a server serves;
as its hooks it makes requests that get past the first check, and adds a check of what strangers learn."""

import json
import os
import ssl
import sys
import urllib.request
import zlib

NAMES = ("a", "b", "c")
CONTAINERS = {"containers": [{"name": "c", "image": "hello:1"}]}
REFERENCE = {"ref": {"apiVersion": "v1", "kind": "Service", "name": "a"}}
LABELLED = {"matchLabels": {"a": "b"}}
SPECS = {
    "services": {"template": {"spec": CONTAINERS}, "ports": [{"port": 80}]},
    "configurations": {"template": {"spec": CONTAINERS}},
    "routes": {"traffic": [{"configurationName": "a", "percent": 100}]},
    "revisions": CONTAINERS,
    "domainmappings": {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "a"}},
    "deployments": {"selector": LABELLED, "template": {"metadata": {"labels": {"a": "b"}}, "spec": CONTAINERS}},
    "persistentvolumeclaims": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    "triggers": {"broker": "a", "subscriber": REFERENCE},
    "subscriptions": {"channel": {"apiVersion": "messaging.knative.dev/v1", "kind": "Channel", "name": "a"}, "subscriber": REFERENCE},
    "pingsources": {"schedule": "* * * * *", "sink": REFERENCE},
}


def document(server, authorities, token):
    """The documents of all groups in one: their paths and schemas have different names."""
    trusted = ssl.create_default_context(cafile=authorities)

    def get(path):
        request = urllib.request.Request(server + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10, context=trusted) as answer:
            return json.load(answer)

    merged = None
    for group in get("/openapi/v3")["paths"].values():
        found = get(group["serverRelativeURL"])
        if merged is None:
            merged = found
        merged["paths"].update(found["paths"])
        merged["components"]["schemas"].update(found["components"]["schemas"])
    return merged


def plausible(case):
    """Random requests are refused at their first word. Three of four are for objects that may be there, with one thing wrong with
    them. The same for the same case."""
    toss = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
    path, query = case.path_parameters or {}, case.query or {}
    if toss % 4 != 0:
        name = NAMES[toss // 4 % len(NAMES)]
        path.update({key: {"namespace": "default", "name": name}.get(key, value) for key, value in path.items()})
        case.query = {key: value for key, value in query.items() if key in ("limit", "watch", "force")}
        case.query.update({"fieldManager": "fuzz"} if case.method == "PATCH" else {})
        if isinstance(case.body, dict):
            case.body = repaired(case.body, case.path.removesuffix("/status"), name, toss)
    if str(query.get("watch", "")).lower() in ("true", "1"):
        case.query["timeoutSeconds"] = "1"  # a watch answers until its time is over
    return case


def repaired(body, path, name, toss):
    """An object of the kind that the path names, with one field of a random one."""
    parts = path.split("/")
    plural = parts[-2] if parts[-1] == "{name}" else parts[-1]
    spec = dict(SPECS.get(plural, {}))
    if plural == "services":
        spec.pop("ports" if "knative" in path else "template")
    found = body.get("spec")
    if isinstance(found, dict) and found:
        field = sorted(found)[toss // 16 % len(found)]
        spec[field] = found[field]
    whole = {**body, "spec": spec} if spec else dict(body)
    for field in ("apiVersion", "kind"):
        whole.pop(field, None)
    metadata = whole.get("metadata") if isinstance(whole.get("metadata"), dict) and toss // 32 % 4 == 0 else {}
    drop = ("namespace", "uid", "resourceVersion", "generateName", "name")
    whole["metadata"] = {"name": name, **{key: value for key, value in metadata.items() if key not in drop}}
    return whole


def hooks():
    import schemathesis

    @schemathesis.hook
    def map_case(context, case):
        return plausible(case)

    @schemathesis.check
    def never_breaks(context, response, case):
        """No 5xx, but the one that Kubernetes has for a list of a version that is still to come."""
        if response.status_code == 504:
            causes = response.json().get("details", {}).get("causes", [])
            assert [cause["reason"] for cause in causes] == ["ResourceVersionTooLarge"], f"HTTP 504: {response.text[:500]}"
        else:
            assert response.status_code < 500, f"HTTP {response.status_code}: {response.text[:500]}"

    @schemathesis.check
    def tells_strangers_nothing(context, response, case):
        """Without a token every answer is the same, whatever there is and whatever is wrong with the request."""
        if "SKEP_TOKEN" in os.environ:
            return
        assert response.status_code == 401, f"a stranger got HTTP {response.status_code}"
        told = {"kind", "apiVersion", "metadata", "status", "message", "reason", "code"}
        body = response.json()
        assert set(body) == told and body["message"].startswith("Unauthorized (expected: "), f"a stranger was told {response.text[:200]}"


if __name__ == "__main__":
    json.dump(document(*sys.argv[1:3], os.environ["SKEP_TOKEN"]), sys.stdout)
else:
    hooks()
