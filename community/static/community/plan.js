// The board of a plan: days across, cards on them, the chosen one beside as WeCom will show it. All of it is one field
// of JSON in the form; nothing is sent until the form is saved.
const LEAST_DAYS = 7, MOST_DAYS = 90;

const el = (tag, given = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
};

class Board {
    constructor(root) {
        this.root = root;
        this.words = JSON.parse(document.getElementById("cp-words").textContent);
        this.offered = JSON.parse(document.getElementById("cp-offered").textContent);
        this.field = root.querySelector("[data-cards]");
        this.form = root.querySelector("[data-form]");
        this.isLocal = root.dataset.local === "1";
        this.most = Number(root.dataset.most);
        this.cards = JSON.parse(this.field.value || "[]");
        this.chosen = this.cards[0]?.id ?? null;
        this.piecesByKey = new Map();
        for (const [kind, rows] of Object.entries({ item: this.offered.items, asset: this.offered.assets, batch: this.offered.batches })) {
            for (const row of rows) this.piecesByKey.set(`${kind}:${row.id}`, { kind, ...row });
        }
        this.fillChoices();
        this.listen();
        this.draw();
    }

    part(name) { return this.form.querySelector(`[data-part="${name}"]`); }
    get card() { return this.cards.find((each) => each.id === this.chosen) ?? null; }
    locked(card, part) { return this.isLocal && !(card.open ?? []).includes(part); }

    fillChoices() {
        const select = this.root.querySelector("[data-add-piece]");
        for (const piece of this.piecesByKey.values()) {
            select.append(new Option(piece.title, `${piece.kind}:${piece.id}`));
        }
    }

    listen() {
        this.form.addEventListener("input", (event) => this.typed(event));
        this.root.querySelector("[data-add-piece]").addEventListener("change", (event) => {
            const piece = this.piecesByKey.get(event.target.value);
            event.target.value = "";
            if (!piece || !this.card) return;
            if (piece.kind === "batch") this.card.batch_id = piece.id;
            else {
                const own = piece.kind === "item" ? "items" : "assets";
                this.card[own] = [...new Set([...(this.card[own] ?? []), piece.id])];
            }
            this.keep();
        });
        this.root.addEventListener("click", (event) => {
            const blank = event.target.closest("[data-blank]");
            if (blank) {
                const text = this.part("text");
                text.setRangeText(blank.dataset.blank, text.selectionStart, text.selectionEnd, "end");
                text.focus();
                this.typed({ target: text });
            }
            if (event.target.closest("[data-remove]") && this.card && !this.isLocal) {
                const gone = this.card;
                this.cards = this.cards.filter((each) => each !== gone);
                this.chosen = null;
                this.say(this.words.gone, { card: gone.title });
                this.keep();
            }
            if (event.target.closest("[data-copy]") && this.card && !this.isLocal) {
                const twin = { ...structuredClone(this.card), id: crypto.randomUUID() };
                this.cards.push(twin);
                this.choose(twin.id);
                this.keep();
            }
        });
        this.root.addEventListener("keydown", (event) => {
            const box = event.target.closest(".cp-card");
            if (!box) return;
            if (["Enter", " "].includes(event.key)) {
                event.preventDefault();
                box.click();
            }
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (step && event.altKey) {
                event.preventDefault();
                const card = this.cards.find((each) => each.id === box.dataset.id);
                for (const how of ["day", "joined"]) {
                    if (how in card.day) this.put(card, { [how]: Math.max(0, card.day[how] + step) });
                }
                this.root.querySelector(`.cp-card[data-id="${card.id}"]`)?.focus();
            }
        });
    }

    typed(event) {
        const card = this.card, target = event.target;
        if (!card) return;
        const name = target.dataset.part;
        if (["title", "at", "holiday", "text"].includes(name)) card[name] = target.value;
        if (name === "asks_check_in") card.asks_check_in = target.checked;
        if (target.dataset.openPart) {
            const open = new Set(card.open ?? []);
            open[target.checked ? "add" : "delete"](target.dataset.openPart);
            card.open = [...open];
        }
        if (["how", "n", "on"].includes(name) || target.dataset.weekday) {
            const how = this.part("how").value, n = Number(this.part("n").value || 1);
            const weekdays = [...this.form.querySelectorAll("[data-weekday]:checked")].map((each) => Number(each.dataset.weekday));
            card.day = {
                day: { day: n }, joined: { joined: n }, every: { every: Math.max(1, n) }, workdays: { workdays: true },
                weekdays: { weekdays: weekdays.length ? weekdays : [1] },
                on: { on: this.part("on").value || new Date().toISOString().slice(0, 10) },
            }[how];
        }
        this.keep(name === "how");
    }

    put(card, day) {
        if (this.isLocal) return;
        card.day = day;
        this.chosen = card.id;
        this.say(this.words.moved, { card: card.title, day: `D+${day.day ?? day.joined}` });
        this.keep();
    }

    add(day) {
        if (this.isLocal) return;
        const made = { id: crypto.randomUUID(), title: this.words.new, day, at: "09:00", holiday: "post", text: "", items: [], assets: [], batch_id: null, asks_check_in: false, open: [] };
        this.cards.push(made);
        this.choose(made.id);
        this.keep();
        this.part("title").select();
    }

    choose(id) { this.chosen = id; this.draw(); }
    keep(whole = true) { this.field.value = JSON.stringify(this.cards); this.draw(whole); }
    say(words, given) {
        this.root.querySelector("[data-said]").textContent = words.replace(/%\((\w+)\)s/g, (_all, name) => given[name] ?? "");
    }

    label(day) {
        const week = [...this.form.querySelectorAll("[data-weekday]")].map((each) => each.parentElement.textContent.trim());
        const fill = (words, given) => words.replace(/%\((\w+)\)s/g, (_all, name) => given[name]);
        if (day.weekdays) return fill(this.words.each, { days: day.weekdays.map((n) => week[n - 1]).join("、") });
        if (day.workdays) return this.words.workdays;
        if (day.every) return fill(this.words.every, { n: day.every });
        return day.on ?? "";
    }

    draw() {
        const lanes = this.root.querySelector("[data-days]");
        const scrolled = [...lanes.querySelectorAll(".cp-strip")].map((each) => each.scrollLeft);
        lanes.replaceChildren(this.lane("day", this.words.founded), this.lane("joined", this.words.joined), this.rest());
        lanes.querySelectorAll(".cp-strip").forEach((each, n) => { each.scrollLeft = scrolled[n] ?? 0; });
        this.drawForm();
        this.drawPhone();
    }

    box(card, label = "") {
        // No <button>: some browsers do not let one be dragged.
        const box = el("div", { className: "cp-card", draggable: !this.isLocal, tabIndex: 0 });
        box.setAttribute("role", "button");
        box.dataset.id = card.id;
        box.setAttribute("aria-pressed", String(card.id === this.chosen));
        box.append(el("b", { textContent: `${label ? `${label} ` : ""}${card.at}` }), ` ${card.title}`);
        box.addEventListener("click", () => { this.choose(card.id); this.root.querySelector(`.cp-card[data-id="${card.id}"]`)?.focus(); });
        box.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", card.id));
        return box;
    }

    lane(how, title) {
        const own = this.cards.filter((card) => how in card.day);
        const last = Math.min(MOST_DAYS, Math.max(LEAST_DAYS, ...own.map((card) => card.day[how] + 2), how === "day" ? Number(document.getElementById("id_days")?.value || 0) : 0));
        const strip = el("div", { className: "cp-strip", tabIndex: -1 });
        for (let n = 0; n <= last; n += 1) {
            const day = el("div", { className: "cp-day" });
            const head = el("header", {}, el("span", { textContent: `D+${n}` }));
            if (!this.isLocal) {
                const add = el("button", { type: "button", textContent: "+" });
                add.setAttribute("aria-label", this.words.add.replace("%(day)s", `D+${n}`));
                add.addEventListener("click", () => this.add({ [how]: n }));
                head.append(add);
            }
            day.append(head, ...own.filter((card) => card.day[how] === n).sort((a, b) => a.at.localeCompare(b.at)).map((card) => this.box(card)));
            day.addEventListener("dragover", (event) => { event.preventDefault(); day.classList.add("is-over"); });
            day.addEventListener("dragleave", () => day.classList.remove("is-over"));
            day.addEventListener("drop", (event) => {
                event.preventDefault();
                day.classList.remove("is-over");
                const card = this.cards.find((each) => each.id === event.dataTransfer.getData("text/plain"));
                if (card) this.put(card, { [how]: n });
            });
            strip.append(day);
        }
        return el("section", { className: "cp-lane" }, el("h3", { textContent: title }), strip);
    }

    rest() {
        const own = this.cards.filter((card) => !("day" in card.day) && !("joined" in card.day));
        const box = el("div", { className: "cp-again" }, ...own.map((card) => this.box(card, this.label(card.day))));
        if (!this.isLocal) {
            const add = el("button", { type: "button", className: "rw-button", textContent: `+ ${this.words.new}` });
            add.addEventListener("click", () => this.add({ weekdays: [1] }));
            box.append(add);
        }
        return el("section", { className: "cp-lane" }, el("h3", { textContent: this.words.again }), box);
    }

    drawForm() {
        const card = this.card;
        this.form.hidden = !card;
        this.root.querySelector("[data-none]").hidden = Boolean(card);
        if (!card) return;
        const [how] = Object.keys(card.day);
        const set = (name, value) => { const field = this.part(name); if (field !== document.activeElement) field.value = value; };
        set("title", card.title);
        set("how", how);
        set("n", ["day", "joined", "every"].includes(how) ? card.day[how] : 1);
        set("on", card.day.on ?? "");
        set("at", card.at);
        set("holiday", card.holiday);
        set("text", card.text);
        this.part("asks_check_in").checked = card.asks_check_in;
        this.form.querySelectorAll("[data-weekday]").forEach((box) => { box.checked = (card.day.weekdays ?? []).includes(Number(box.dataset.weekday)); });
        this.form.querySelectorAll("[data-open-part]").forEach((box) => { box.checked = (card.open ?? []).includes(box.dataset.openPart); });
        this.form.querySelector('[data-for="n"]').hidden = !["day", "joined", "every"].includes(how);
        this.form.querySelector('[data-for="on"]').hidden = how !== "on";
        this.form.querySelector('[data-for="weekdays"]').hidden = how !== "weekdays";
        const bytes = new TextEncoder().encode(card.text).length;
        const said = this.form.querySelector("[data-bytes]");
        said.textContent = this.words.bytes.replace("%(many)s", bytes.toLocaleString());
        said.classList.toggle("is-long", bytes > this.most);
        const locks = { title: true, how: true, n: true, on: true, holiday: true, asks_check_in: true, at: this.locked(card, "time"), text: this.locked(card, "text") };
        for (const [name, isLocked] of Object.entries(locks)) this.part(name).disabled = this.isLocal && isLocked;
        this.form.querySelectorAll("[data-weekday],[data-open-part],[data-remove],[data-form] [data-copy]").forEach((each) => { each.disabled = this.isLocal; });
        this.root.querySelector("[data-add-piece]").disabled = this.locked(card, "material");
        this.drawPieces(card);
    }

    pieces(card) {
        const named = [...(card.items ?? []).map((id) => `item:${id}`), ...(card.assets ?? []).map((id) => `asset:${id}`)];
        if (card.batch_id) named.push(`batch:${card.batch_id}`);
        return named.map((key) => this.piecesByKey.get(key) ?? { kind: key.split(":")[0], id: key.split(":")[1], title: "…", picture: "" });
    }

    drawPieces(card) {
        const box = this.form.querySelector("[data-pieces]");
        box.replaceChildren(...this.pieces(card).map((piece) => {
            const off = el("button", { type: "button", textContent: "×", disabled: this.locked(card, "material") });
            off.setAttribute("aria-label", `× ${piece.title}`);
            off.addEventListener("click", () => {
                if (piece.kind === "batch") card.batch_id = null;
                else {
                    const own = piece.kind === "item" ? "items" : "assets";
                    card[own] = card[own].filter((id) => id !== piece.id);
                }
                this.keep();
            });
            return el("li", {}, el("span", { textContent: piece.title }), off);
        }));
    }

    drawPhone() {
        const phone = this.root.querySelector("[data-phone]"), card = this.card;
        phone.replaceChildren();
        if (!card) return;
        const [groupName, branchName] = [...this.root.querySelectorAll("[data-blank]")].map((each) => each.dataset.blank);
        const text = card.text.replaceAll(groupName, `〔${this.words.group}〕`).replaceAll(branchName, `〔${this.words.branch}〕`);
        if (text) phone.append(el("div", { className: "cp-bubble", textContent: text }));
        for (const piece of this.pieces(card)) {
            const box = el("div", { className: "cp-bubble cp-piece" });
            if (piece.picture) box.append(el("img", { src: piece.picture, alt: piece.title }));
            box.append(el("span", { textContent: piece.title }));
            phone.append(box);
        }
        if (card.asks_check_in) phone.append(el("div", { className: "cp-bubble", textContent: `✓ ${this.words.checkin}` }));
    }
}

document.querySelectorAll("[data-plan-board]").forEach((root) => new Board(root));
