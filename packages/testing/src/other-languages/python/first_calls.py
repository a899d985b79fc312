"""What a customer does first. Prints what it saw as JSON: its test looks at that. Arguments: a folder, a key, an account."""

import json
import sys

folder, key, account_id = sys.argv[1:]
sys.path.insert(0, folder)

import models  # noqa: E402
from client import Client, Refused  # noqa: E402

with open(folder + "/openapi.json", encoding="utf-8") as file:
    client = Client(json.load(file), models, key)


def refusal(operation_id, *body, **given):
    try:
        client.call(operation_id, *body, **given)
    except Refused as refused:
        problem = refused.problem
        return {
            "class": type(problem).__name__,
            "status": problem.status,
            "code": problem.code,
            "retry": problem.retry.name,
            "page": problem.type,
            "hasRequestId": problem.request_id is not None,
        }


created = [
    client.call("accounts.create", models.AccountsCreateRequest(name=name), accountId=account_id)
    for name in ("North", "South", "West")
]
pages = list(client.pages("accounts.list", accountId=account_id, limit=2))
ice = client.call(
    "network-discovery.createIceServers",
    models.NetworkDiscoveryCreateIceServersRequest(identity="bob", ttl_seconds=600),
    accountId=created[0].id,
)
webhook = client.call(
    "webhooks.create",
    models.WebhooksCreateRequest(url="https://receiver.example/hooks", event_types=["signaling.*"]),
    accountId=account_id,
)
usage = client.call(
    "usage-query-csv", accountId=account_id, **{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
)
addresses = client.call("platform-addresses-csv", role="relay")
print(
    json.dumps(
        {
            "files": {
                "usage": usage.splitlines()[0],
                "addresses": addresses.splitlines()[0],
                "hosts": client.call("platform-addresses-txt", role="relay").splitlines(),
                "pdf": refusal("documents-getPdf-pdf", accountId=account_id, documentId="doc_" + "0" * 29),
                "archive": refusal(
                    "exports-createLink-archive", exportId="xpt_" + "0" * 29, account=account_id, expires="0", signature="none"
                ),
            },
            "createdNames": [account.name for account in created],
            "createdInOrder": sorted(account.created_at for account in created)
            == [account.created_at for account in created],
            "pages": [[account.id for account in page] for page in pages],
            "createdIds": [account.id for account in created],
            "ice": [server.to_dict() for server in ice.ice_servers],
            "iceSecondsLeft": (ice.expires_at - created[0].created_at).total_seconds(),
            "webhookScope": webhook.scope.name,
            "unknown": refusal("accounts.get", accountId="acc_" + "0" * 29),
            "invalid": refusal("accounts.create", models.AccountsCreateRequest(name=""), accountId=account_id),
        }
    )
)
