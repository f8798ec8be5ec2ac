"""Whether the manifests fit each other, the container file and the promises of the node's documents."""

import glob
import re

import yaml

objects = {}
for path in glob.glob("deploy/kubernetes/*.yaml"):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "UNCHECKED" in text.split("apiVersion")[0], f"{path} does not say that no cluster ran it"
    for thing in yaml.safe_load_all(text):
        objects[thing["kind"]] = thing

pod = objects["StatefulSet"]["spec"]["template"]["spec"]
labels = objects["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
(node,) = pod["containers"]

assert pod["enableServiceLinks"] is False
assert objects["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
assert objects["Service"]["spec"]["selector"] == labels
assert objects["Service"]["metadata"]["name"] == objects["StatefulSet"]["spec"]["serviceName"]

ports = {port["name"]: port["containerPort"] for port in node["ports"]}
assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == set(ports)
assert {probe: node[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")} == {
    "startupProbe": "/livez",
    "livenessProbe": "/livez",
    "readinessProbe": "/readyz",
}

secret = objects["Secret"]
user = next(volume for volume in pod["volumes"] if volume["name"] == "user")
assert user["secret"]["secretName"] == secret["metadata"]["name"]
mounted = next(mount for mount in node["volumeMounts"] if mount["name"] == "user")["mountPath"]
variables = {variable["name"]: variable for variable in node["env"]}
name = variables["JENNY_USER"]["valueFrom"]["secretKeyRef"]
assert name["name"] == secret["metadata"]["name"] and name["key"] in secret["stringData"]
folder, file = variables["JENNY_PASSWORD_FILE"]["value"].rsplit("/", 1)
assert folder == mounted and file in secret["stringData"]

service = objects["Service"]["metadata"]["name"]
within = f"{service}.{objects['Service']['metadata'].get('namespace', 'default')}"
names = {service, within, f"{within}.svc", f"{within}.svc.cluster.local"}
assert names <= set(variables["JENNY_API_HOSTS"]["value"].split(",")), "a pod's request by name is refused"

claims = {claim["metadata"]["name"] for claim in objects["StatefulSet"]["spec"]["volumeClaimTemplates"]}
confined = node["securityContext"]
assert confined["readOnlyRootFilesystem"] and not confined["allowPrivilegeEscalation"]
assert confined["capabilities"]["drop"] == ["ALL"]
assert {mount["name"] for mount in node["volumeMounts"]} == claims | {"user"}

with open("deploy/container/Containerfile", encoding="utf-8") as file:
    image = file.read()
numbers = re.search(r"^USER (\d+):(\d+)$", image, re.M).groups()
context = pod["securityContext"]
assert context["runAsNonRoot"]
assert numbers == (str(context["runAsUser"]), str(context["runAsGroup"])), numbers
for name, port in {"API": ports["api"], "P2P": ports["peers"]}.items():
    assert f"JENNY_{name}_LISTEN=0.0.0.0:{port}" in image
data = next(mount for mount in node["volumeMounts"] if mount["name"] == "data")["mountPath"]
assert f"VOLUME {data}\n" in image
