"""Sends what any OpenAPI document describes. Of Patchbay it knows nothing: paths, parameters, bodies and classes are the document's."""

import json
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """An answer that is no success, as the class that the document names for it."""

    def __init__(self, problem):
        super().__init__(problem.detail)
        self.problem = problem


class Client:
    def __init__(self, document, models, key):
        self._base_url = document["servers"][0]["url"]
        self._models = models
        self._key = key
        self._operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }

    def call(self, operation_id, body=None, **given):
        """Calls an operation. A parameter that the document does not have, or needs and is not given, is an error of the caller."""
        method, path, operation = self._operations[operation_id]
        (accepted,) = operation["responses"]["200"]["content"]
        query, headers = {}, {"Accept": accepted, "Authorization": "Bearer " + self._key}
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if name not in given:
                assert not parameter.get("required"), f"{operation_id} needs {name}"
                continue
            value = str(given.pop(name))
            if parameter["in"] == "path":
                path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
            elif parameter["in"] == "query":
                query[name] = value
            else:
                headers[name] = value
        assert not given, f"{operation_id} knows no {', '.join(given)}"
        data = None
        if body is not None:
            assert type(body) is self._class_of(operation["requestBody"]), f"{operation_id} takes another body"
            data = json.dumps(body.to_dict()).encode()
            headers["Content-Type"] = "application/json"
        url = self._base_url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self._read(answer, operation)
        except urllib.error.HTTPError as error:
            raise Refused(self._read(error, operation)) from None

    def pages(self, operation_id, **given):
        """All items of a list, page after page."""
        cursor = {}
        while True:
            page = self.call(operation_id, **given, **cursor)
            yield page.items
            if page.next_cursor is None:
                return
            cursor = {"cursor": page.next_cursor}

    def _read(self, answer, operation):
        responses = operation["responses"]
        described = responses.get(str(answer.status)) or responses["default"]
        ((media_type, content),) = described["content"].items()
        assert answer.headers.get_content_type() == media_type, f"It is {answer.headers['Content-Type']}, not {media_type}"
        if "$ref" in content["schema"]:
            return self._class_of(described).from_dict(json.load(answer))
        # A file: of bytes where the document says so, of text otherwise.
        whole = answer.read()
        return whole if content["schema"].get("format") == "binary" else whole.decode()

    def _class_of(self, described):
        (content,) = described["content"].values()
        return getattr(self._models, content["schema"]["$ref"].rsplit("/", 1)[1])
