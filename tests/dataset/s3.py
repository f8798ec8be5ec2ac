"""An S3 server (moto) and, in front of it, a proxy that fails in the ways of a network."""

import http.client
import http.server
import logging
import random
import socket
import threading
import time
import urllib.parse

import boto3
from engines import S3
from moto.server import ThreadedMotoServer

# Faults, one of which meets each request that `Faults` picks.
# 500 and 503: nothing is done. slow: a second late. cut: the connection ends within the request.
# lost: it is done, and the response never comes. half: half of the response comes.
KINDS = ("500", "503", "slow", "cut", "lost", "half")
HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Faults:
    """Which requests fail: a share of them, never more than `MOST` of the same in a row."""

    MOST = 2

    def __init__(self, share, seed):
        self.share, self.random = share, random.Random(seed)
        self.lock, self.row, self.counts = threading.Lock(), {}, {}

    def pick(self, request):
        with self.lock:
            kind = self.random.choice(KINDS) if self.random.random() < self.share else None
            if kind is None or self.row.get(request, 0) >= self.MOST:
                self.row.pop(request, None)
                return None
            self.row[request] = self.row.get(request, 0) + 1
            self.counts[kind] = self.counts.get(kind, 0) + 1
            return kind


class Proxy(http.server.ThreadingHTTPServer):
    """Hands requests to the S3 server, but for its faults. `requests` lists all of them."""

    daemon_threads = True

    def __init__(self, target, faults):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target, self.faults, self.requests = target, faults, []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Clients are killed, and cut off."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def handle_one(self):
        kind = self.server.faults.pick((self.command, self.path))
        self.server.requests.append((self.command, self.path, kind))
        if kind == "cut":
            return self.cut()
        if kind == "slow":
            time.sleep(1)
        body = self.body()
        if kind in ("500", "503"):
            text = b"<Error><Code>SlowDown</Code><Message>injected</Message></Error>"
            self.send_response(int(kind))
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            return self.wfile.write(text)
        target = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        target.request(self.command, self.path, body, headers)
        response = target.getresponse()
        data = response.read()
        if kind == "lost":
            return self.cut()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if kind == "half" else data)
        if kind == "half":
            self.wfile.flush()
            self.cut()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one


class Server:
    """The S3 server, without and with faults."""

    def __init__(self, share=0.25, seed=7):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.moto.start()
        host, port = self.moto.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.proxy = Proxy(urllib.parse.urlparse(self.url).netloc, Faults(share, seed))


class Bucket:
    """An S3 bucket behind a proxy that fails now and then."""

    def __init__(self):
        self.server = Server()
        self.environment = {
            "AWS_ENDPOINT_URL": self.server.proxy.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": S3["region"],
            "AWS_ACCESS_KEY_ID": S3["key"], "AWS_SECRET_ACCESS_KEY": S3["secret"],
        }
        self.client = boto3.client(
            "s3", endpoint_url=self.server.url, region_name=S3["region"], aws_access_key_id=S3["key"], aws_secret_access_key=S3["secret"]
        )
        self.client.create_bucket(Bucket="datasets")

    def objects(self, prefix):
        listed = self.client.list_objects_v2(Bucket="datasets", Prefix=prefix + "/").get("Contents", [])
        return {one["Key"].removeprefix(prefix + "/"): one["LastModified"] for one in listed}

    def files(self, prefix):
        names = self.objects(prefix)
        assert all(name == "manifest.json" or name.startswith("records/") for name in names), f"other objects: {list(names)}"
        return {name: self.client.get_object(Bucket="datasets", Key=f"{prefix}/{name}")["Body"].read() for name in names}
