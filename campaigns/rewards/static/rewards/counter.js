// The clerk's page: scan or type, see what it is worth, redeem. Without a line, what was redeemed is noted on this
// phone and sent in order later; what is not accepted then stays on the page until somebody has seen to it.
const AGAIN = 15000;
const page = document.querySelector("[data-counter]");
const words = JSON.parse(document.getElementById("rc-words").textContent);
const form = page.querySelector("form"), card = page.querySelector("[data-card]");
const list = page.querySelector("[data-list]"), queueBox = page.querySelector("[data-queue]");
const camera = page.querySelector("[data-camera]"), video = camera.querySelector("video");
const csrf = page.querySelector("[name=csrfmiddlewaretoken]").value;
// Another clerk's notes on a shared phone are not this clerk's to send.
const QUEUE = `fh-counter-${page.dataset.who}`, REFUSED = `${QUEUE}-refused`;
let position = null;

const el = (tag, text, cls) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (cls) made.className = cls;
    return made;
};
const kept = (name) => JSON.parse(localStorage.getItem(name) || "[]");
const keep = (name, rows) => localStorage.setItem(name, JSON.stringify(rows));

class NoLine extends Error {}

const ask = async (address, given) => {
    let answer;
    try {
        answer = await fetch(address, {
            method: "POST", body: new URLSearchParams(given), headers: { "X-CSRFToken": csrf, Accept: "application/json" },
            signal: AbortSignal.timeout(10000), redirect: "error",
        });
    } catch {
        throw new NoLine();
    }
    if (answer.status >= 500) throw new NoLine();
    const told = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(told.no), { code: told.code });
    return told;
};

const shown = () => ({ text: form.elements.text.value.trim(), order: form.elements.order.value.trim(), merchant: form.elements.merchant?.value.trim() || "", ...(position || {}) });

const show = (...parts) => {
    card.replaceChildren(...parts);
    card.hidden = false;
};
const refuse = (sentence) => {
    card.classList.add("rc-no");
    show(el("p", sentence));
};

const look = async () => {
    const given = shown();
    if (!given.text) return form.elements.text.focus();
    card.classList.remove("rc-no");
    try {
        const told = await ask(page.dataset.look, given);
        const worth = el("p", told.worth, "rc-worth");
        worth.append(el("small", told.kind));
        const facts = el("dl");
        for (const [name, value] of [[words.title, told.title], [words.needs, told.needs], [words.until, told.until], [words.customer, told.customer]]) {
            if (value) facts.append(el("dt", name), el("dd", value));
        }
        const button = el("button", `${words.redeem} ${told.worth}`, "rc-button rc-main");
        button.type = "button";
        button.addEventListener("click", () => { button.disabled = true; redeem(given); });
        show(worth, facts, button);
        button.focus();
    } catch (error) {
        if (error instanceof NoLine) return note(given);
        if (error.code === "rewards.redeem.position_missing" && !position) return locate();
        refuse(error.message);
        const at = { "rewards.redeem.order_missing": "order", "rewards.redeem.merchant_missing": "merchant", "rewards.redeem.merchant_unknown": "merchant" }[error.code];
        (form.elements[at] || form.elements.text).select();
    }
};

const locate = () => {
    refuse(words.where);
    navigator.geolocation?.getCurrentPosition(({ coords }) => {
        position = { lat: coords.latitude, lon: coords.longitude };
        look();
    });
};

const redeem = async (given) => {
    // One id for one redemption, however often it is sent.
    const row = { ...given, id: crypto.randomUUID(), at: new Date().toISOString() };
    try {
        const done = await ask(page.dataset.redeem, row);
        show(el("p", `${words.redeemed} ${done.worth}`, "rc-worth"));
        add(done);
        next();
    } catch (error) {
        if (error instanceof NoLine) return note(given, row);
        refuse(error.message);
    }
};

const next = () => {
    form.reset();
    position = null;
    form.elements.text.focus();
};

// What a clerk redeems without a line: codes alone, since a QR code is good for a minute. What was sent, and whose
// answer was lost, goes again under its id whatever it is.
const note = (given, row) => {
    if (!row && given.text.replace(/[\s·-]/g, "").length > 20) return refuse(words.codes_only);
    keep(QUEUE, [...kept(QUEUE), row || { ...given, id: crypto.randomUUID(), at: new Date().toISOString() }]);
    refuse(words.noted);
    tell();
    next();
};

const tell = () => {
    const waiting = kept(QUEUE), refused = kept(REFUSED);
    queueBox.hidden = !waiting.length && !refused.length;
    queueBox.replaceChildren();
    if (waiting.length) queueBox.append(el("p", `${words.waiting}: ${waiting.length}`));
    if (refused.length) {
        const rows = el("ul");
        for (const row of refused) {
            const line = el("li", `${row.text} · ${row.no} `);
            const seen = el("button", "✓", "rc-button");
            seen.type = "button";
            seen.setAttribute("aria-label", `✓ ${row.text}`);
            seen.addEventListener("click", () => { keep(REFUSED, kept(REFUSED).filter((each) => each.id !== row.id)); tell(); });
            line.append(seen);
            rows.append(line);
        }
        queueBox.append(el("p", words.refused), rows);
    }
};

let isSending = false;
const send = async () => {
    const waiting = kept(QUEUE);
    if (isSending || !waiting.length) return;
    isSending = true;
    try {
        const { outcomes } = await ask(page.dataset.noted, { noted: JSON.stringify(waiting) });
        const told = new Map(outcomes.map((each) => [each.id, each]));
        for (const each of outcomes) if (each.done) add(each.done);
        card.hidden = true;  // what it said of the line is over
        keep(REFUSED, [...kept(REFUSED), ...outcomes.filter((each) => !each.done)]);
        keep(QUEUE, kept(QUEUE).filter((row) => !told.has(row.id)));
        tell();
    } catch {
        // Still no line: later.
    } finally {
        isSending = false;
    }
};

const add = (done) => {
    if (list.querySelector(`[data-id="${done.id}"]`)) return;
    list.prepend(line(done));
    page.querySelector("[data-empty]").hidden = true;
};
const line = (done) => {
    const row = el("li");
    row.dataset.id = done.id;
    row.append(el("span", done.at), el("span", done.title), el("span", done.worth));
    if (done.is_reversed) {
        row.classList.add("is-reversed");
        row.append(el("span", words.reversed));
    } else if (page.dataset.mayReverse) {
        const back = el("button", words.reverse, "rc-button");
        back.type = "button";
        back.setAttribute("aria-label", `${words.reverse} ${done.title} ${done.worth}`);
        back.addEventListener("click", async () => {
            if (!confirm(words.sure)) return;
            back.disabled = true;
            try {
                await ask(done.reverse, {});
                row.replaceWith(line({ ...done, is_reversed: true }));
            } catch (error) {
                back.disabled = false;
                refuse(error instanceof NoLine ? words.no_line : error.message);
            }
        });
        row.append(back);
    }
    return row;
};

// The browser's own decoder where there is one, else the one that comes along.
let stopScan = null;
const scan = async () => {
    let stream;
    try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
        return refuse(words.no_camera);
    }
    camera.hidden = false;
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    let isOn = true;
    stopScan = () => {
        isOn = false;
        stream.getTracks().forEach((track) => track.stop());
        camera.hidden = true;
    };
    const turn = async () => {
        if (!isOn) return;
        const text = video.readyState >= 2 ? await read() : "";
        if (text) {
            stopScan();
            form.elements.text.value = text;
            return look();
        }
        setTimeout(turn, 120);
    };
    turn();
};
const reader = async () => {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
        const detector = new BarcodeDetector({ formats: ["qr_code"] });
        return async () => (await detector.detect(video))[0]?.rawValue || "";
    }
    if (!window.jsQR) {
        await new Promise((done, failed) => {
            const script = document.createElement("script");
            script.src = page.dataset.decoder;
            script.onload = done;
            script.onerror = failed;
            document.head.append(script);
        });
    }
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        pen.drawImage(video, 0, 0);
        const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
        return window.jsQR(data, width, height)?.data || "";
    };
};

form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
page.querySelector("[data-scan]").addEventListener("click", scan);
page.querySelector("[data-stop]").addEventListener("click", () => stopScan?.());
addEventListener("online", send);
setInterval(send, AGAIN);
const today = JSON.parse(document.getElementById("rc-done").textContent);
list.append(...today.map(line));
page.querySelector("[data-empty]").hidden = today.length > 0;
tell();
send();
form.elements.text.focus();
