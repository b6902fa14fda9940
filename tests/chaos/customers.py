"""Customers who claim coupons while the bank is being killed: each asks again under the same key until told."""

import threading
import time
from dataclasses import dataclass, field

import httpx

WAIT = 0.15  # seconds before asking again


@dataclass
class Claims:
    """What customers were told: request key -> the coupon's id, or the code of the refusal."""

    base: str
    batch_id: str
    told: dict[str, str] = field(default_factory=dict)
    faults: int = 0  # answers that were none
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, customers: int) -> None:
        for number in range(1, customers + 1):
            thread = threading.Thread(target=self._claim_on, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """No new claims; those that were asked are asked to their end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _claim_on(self, number: int) -> None:
        with httpx.Client(base_url=self.base, timeout=4) as client:
            token, asked = "", 0
            while not self._stop.is_set():
                asked += 1
                key = f"chaos-{number:02d}-{asked:07d}"
                while key not in self.told:
                    token = token or self._log_in(client, number)
                    answer = self._ask(client, token, key)
                    if answer is None or answer.status_code in {409, 429} or answer.status_code >= 500:
                        self.faults += 1
                        time.sleep(WAIT)
                    elif answer.status_code == 401:
                        token = ""
                    elif answer.status_code == 201:
                        self.told[key] = answer.json()["id"]
                    else:
                        self.told[key] = f"refused {answer.status_code} {answer.text[:120]}"
                time.sleep(0.2)

    def _ask(self, client: httpx.Client, token: str, key: str) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        try:
            return client.post(f"/api/v1/batches/{self.batch_id}/claims", headers=headers, json={})
        except httpx.HTTPError:
            return None

    def _log_in(self, client: httpx.Client, number: int) -> str:
        while True:
            try:
                answer = client.post("/api/v1/auth/wechat", json={"code": f"demo-ZJ0101-{number}"})
                if answer.status_code == 200:
                    return str(answer.json()["access"])
            except httpx.HTTPError:
                pass
            self.faults += 1
            time.sleep(WAIT)
