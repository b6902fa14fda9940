// Conditions as rows that people fill in. The tree lives here; what it means, and what is wrong, the server says.
import { make, pick } from "./conditions_pick.js";

const KNOWN = ["filled", "empty"];
const FIRST = { number: ">=", money: ">", date: "last_days", moment: "last_days", choice: "in", text: "in", flag: "=", tags: "any" };
const FEW = 8; // so many choices stand side by side; more are found by typing
const MOST_CHOICES = 200, LATER = 250;

class Builder {
    constructor(desk) {
        const told = JSON.parse(desk.querySelector("script[type='application/json']").textContent);
        Object.assign(this, { desk, words: told.words, asked: told.asked, days: told.days, deepest: told.deepest });
        this.subjects = new Map(told.subjects.map((subject) => [subject.about, subject]));
        this.form = desk.closest("form");
        this.made = 0;
        this.elements = new Map();
        this.tree = told.rows && this.known(told.rows);
        this.part = (name) => desk.querySelector(`[data-cb-${name}]`);
        this.sent = make("input", { type: "hidden", name: `${desk.dataset.name}_rows` });
        desk.append(this.sent);
        this.part("alone").remove();
        this.part("try").addEventListener("click", () => this.try());
        this.part("to-text").addEventListener("click", () => this.toText());
        this.part("to-rows").addEventListener("click", () => this.toRows());
        this.part("rows").addEventListener("keydown", (event) => this.key(event));
        this.toggle();
        if (this.tree) this.show(true); else this.show(false);
    }

    // --- the tree ---
    known(row) {
        const node = { ...row, id: ++this.made };
        if (row.parts) node.parts = row.parts.map((part) => this.known(part));
        return node;
    }
    bare(node) {
        const { id, ...row } = node;
        if (row.parts) row.parts = row.parts.map((part) => this.bare(part));
        return row;
    }
    blank() { return this.known({ about: "", is: "", typed: [] }); }
    box(parts, how) { return { id: ++this.made, box: how, parts }; }
    parent(node, within = this.tree) {
        for (const part of within.parts || []) {
            if (part === node) return within;
            const found = this.parent(node, part);
            if (found) return found;
        }
        return null;
    }
    depth(node) { let n = 0; for (let at = node; at; at = this.parent(at)) n += 1; return n; }
    at(path) { return path.reduce((node, n) => node?.parts?.[n], this.tree); }

    // --- what is done to it ---
    addAfter(node) {
        const within = this.parent(node) || this.tree, row = this.blank();
        within.parts.splice(within.parts.indexOf(node) + 1, 0, row);
        this.draw(row);
    }
    add(box, row) { box.parts.push(row); this.draw(row.parts ? row.parts[0] : row); }
    drop(node) {
        const within = this.parent(node);
        if (!within) return;
        // A box that would be empty goes along.
        if (within.parts.length === 1 && within !== this.tree) return this.drop(within);
        const n = within.parts.indexOf(node);
        within.parts.splice(n, 1);
        if (!within.parts.length) within.parts.push(this.blank());
        this.draw(within.parts[n] || within.parts[n - 1]);
    }
    move(node, by) {
        const within = this.parent(node), n = within.parts.indexOf(node);
        if (!within.parts[n + by]) return;
        within.parts.splice(n, 1);
        within.parts.splice(n + by, 0, node);
        this.draw(node);
    }
    wrap(node) {
        const within = this.parent(node);
        if (!within || this.depth(node) >= this.deepest) return;
        const box = this.box([node], within.box === "any" ? "all" : "any");
        within.parts[within.parts.indexOf(node)] = box;
        this.draw(node);
    }
    lift(node) {
        const within = this.parent(node), above = within && this.parent(within);
        if (!above) return;
        const n = above.parts.indexOf(within);
        within.parts.splice(within.parts.indexOf(node), 1);
        if (within.parts.length) above.parts.splice(n + 1, 0, node); else above.parts.splice(n, 1, node);
        this.draw(node);
    }

    // --- what it looks like ---
    draw(focused = null) {
        this.elements.clear();
        this.part("rows").replaceChildren(this.drawBox(this.tree, ""));
        if (focused) this.focus(focused);
        this.changed();
    }
    focus(node, where = "input, select, button") {
        const element = this.elements.get(node.id);
        (element?.querySelector(where) || element?.querySelector("input, select, button"))?.focus();
    }
    drawBox(node, number) {
        const choose = make("select", { class: "cb-input cb-how-box", "aria-label": this.words.box, change: () => {
            node.box = choose.value;
            this.changed();
        } }, ...["all", "any", "none"].map((how) => new Option(this.words[how], how, false, how === node.box)));
        const isRoot = node === this.tree;
        const parts = node.parts.map((part, n) => make("li", {}, this.drawAny(part, number ? `${number}.${n + 1}` : `${n + 1}`)));
        const mayNest = this.depth(node) < this.deepest - 1;
        const element = make("div", { class: "cb-box", role: "group", "aria-label": number || null },
            make("div", { class: "cb-head" }, number ? make("span", { class: "cb-number" }, number) : null, choose,
                isRoot ? null : this.act("✕", this.words.drop_box, () => this.drop(node))),
            make("p", { class: "cb-why", id: `cb-why-${node.id}` }),
            make("ol", { class: "cb-parts" }, ...parts),
            make("div", { class: "cb-more" },
                this.act(`+ ${this.words.add}`, "", () => this.add(node, this.blank())),
                mayNest ? this.act(`+ ${this.words.add_box}`, "", () => this.add(node, this.box([this.blank()], node.box === "any" ? "all" : "any"))) : null));
        this.elements.set(node.id, element);
        return element;
    }
    act(text, label, done) {
        return make("button", { type: "button", class: label ? "cb-act" : "cb-add", title: label || null, "aria-label": label || null, click: done }, text);
    }
    drawAny(node, number) { return node.parts ? this.drawBox(node, number) : this.drawRow(node, number); }
    drawRow(node, number) {
        const isInside = this.parent(node) !== this.tree;
        const element = make("div", { class: "cb-row", "data-id": node.id },
            make("span", { class: "cb-number" }, number),
            make("div", { class: "cb-what" }, ...("as_is" in node ? this.drawAsIs(node) : this.drawAsked(node))),
            make("div", { class: "cb-row-acts" },
                this.depth(node) < this.deepest ? this.act("⊞", this.words.wrap, () => this.wrap(node)) : null,
                isInside ? this.act("⇤", this.words.lift, () => this.lift(node)) : null,
                this.act("✕", this.words.drop, () => this.drop(node))),
            make("p", { class: "cb-why", id: `cb-why-${node.id}` }));
        this.elements.set(node.id, element);
        return element;
    }
    redraw(node, where) {
        const old = this.elements.get(node.id), number = old.querySelector(".cb-number").textContent;
        old.replaceWith(this.drawRow(node, number));
        if (where) this.focus(node, where);
        this.changed();
    }
    drawAsIs(node) { return [make("span", { class: "cb-gone" }, this.words.gone), make("code", { class: "cb-as-is" }, JSON.stringify(node.as_is))]; }
    drawAsked(node) {
        const subject = this.subjects.get(node.about);
        const options = [...this.subjects.values()].filter((s) => s.offered || s === subject)
            .map((s) => ({ code: s.about, name: s.name, find: s.find, group: s.group }));
        const about = pick({
            options, chosen: subject?.name || "", label: this.words.about, placeholder: this.words.about,
            nothing: this.words.nothing, take: (code) => this.choose(node, code),
        });
        if (!subject) return [about];
        const how = make("select", { class: "cb-input cb-how", "aria-label": this.words.how, change: () => this.compare(node, how.value) },
            ...this.asked[subject.kind].filter(([code]) => !subject.counted || !KNOWN.includes(code)).map(([code, name]) => new Option(name, code, false, code === node.is)));
        return [about, ...(subject.counted ? this.drawSpan(node, subject) : []), how, ...this.drawValue(node, subject)];
    }
    // Over how many days, and which of them.
    drawSpan(node, subject) {
        const [code = "", value = ""] = node.where || [], where = subject.wheres.find((one) => one.code === code);
        const days = make("input", { type: "number", min: 1, class: "cb-input cb-typed cb-days", autocomplete: "off", inputmode: "numeric",
            "aria-label": `${this.words.within} … ${this.words.days}`, value: node.days || "",
            input: (event) => { node.days = event.target.value; this.changed(); } });
        const span = make("span", { class: "cb-span" }, make("span", { class: "cb-unit" }, this.words.within), days, make("span", { class: "cb-unit" }, this.words.days));
        if (!subject.wheres.length) return [span];
        const property = make("select", { class: "cb-input cb-where", "aria-label": this.words.narrowed, change: () => {
            const chosen = subject.wheres.find((one) => one.code === property.value);
            node.where = chosen ? [chosen.code, chosen.choices[0]?.code || ""] : [];
            this.redraw(node, ".cb-where");
        } }, new Option(this.words.any_of, "", false, !code), ...subject.wheres.map((one) => new Option(`${this.words.narrowed} ${one.name}`, one.code, false, one.code === code)));
        const take = (event) => { node.where = [code, event.target.value]; this.changed(); };
        const wanted = !where ? null : where.choices.length
            ? make("select", { class: "cb-input", "aria-label": where.name, change: take }, ...where.choices.map((one) => new Option(one.name, one.code, false, one.code === value)))
            : make("input", { type: "text", class: "cb-input cb-text", maxlength: 60, autocomplete: "off", "aria-label": where.name, value, input: take });
        return [span, property, wanted];
    }
    choose(node, about) {
        if (about === node.about) return;
        const { kind } = this.subjects.get(about), before = this.subjects.get(node.about)?.kind;
        node.about = about;
        if (this.subjects.get(about).counted) {
            node.days ||= "30";
            node.where = [];
            if (KNOWN.includes(node.is)) node.is = ">=";
        } else { delete node.days; delete node.where; }
        if (!this.asked[kind].some(([how]) => how === node.is) || !before) node.is = FIRST[kind] || this.asked[kind][0][0];
        if (kind !== before || kind === "choice") node.typed = kind === "flag" ? ["yes"] : [];
        this.redraw(node, ".cb-how");
    }
    compare(node, how) {
        const isOfDays = (one) => one in this.days;
        if (isOfDays(how) !== isOfDays(node.is)) node.typed = [];
        if (KNOWN.includes(how)) node.typed = [];
        if (how === "between") node.typed = [node.typed[0] || "", node.typed[1] || ""];
        else if (node.is === "between") node.typed = node.typed.slice(0, 1);
        if (this.subjects.get(node.about).kind === "flag" && how === "=" && !node.typed.length) node.typed = ["yes"];
        node.is = how;
        this.redraw(node, ".cb-how");
    }
    drawValue(node, subject) {
        const { kind } = subject;
        if (KNOWN.includes(node.is)) return [];
        if (kind === "flag") return [this.drawSides(node, [{ code: "yes", name: this.words.yes }, { code: "no", name: this.words.no }], "radio")];
        if (kind === "choice" && subject.choices.length <= FEW) return [this.drawSides(node, subject.choices, "checkbox")];
        if (kind === "choice" || kind === "tags" || (kind === "text" && node.is === "in")) return [this.drawChips(node, subject)];
        const type = node.is in this.days ? "number" : kind === "date" || kind === "moment" ? "date" : "text";
        const typed = (n) => make("input", {
            type, class: `cb-input cb-typed cb-${kind}`, autocomplete: "off", "aria-label": this.words.value,
            inputmode: type === "number" || kind === "number" || kind === "money" ? "decimal" : null,
            min: type === "number" ? 1 : null, value: node.typed[n] || "", maxlength: 200,
            input: (event) => { node.typed[n] = event.target.value; this.changed(); },
        });
        const unit = node.is in this.days ? this.days[node.is] : kind === "money" ? this.words.money : subject.unit;
        const behind = unit ? make("span", { class: "cb-unit" }, unit) : null;
        if (node.is !== "between") { node.typed.length ||= 1; node.typed[0] ??= ""; return [typed(0), behind]; }
        return [typed(0), make("span", { class: "cb-unit" }, this.words.until), typed(1), behind];
    }
    drawSides(node, choices, type) {
        const name = `cb-${node.id}`;
        return make("span", { class: "cb-sides", role: "group", "aria-label": this.words.value }, ...choices.map(({ code, name: shown }) =>
            make("label", { class: "cb-side" }, make("input", { type, name, form: "cb-none", value: code, checked: node.typed.includes(code), change: (event) => {
                if (type === "radio") node.typed = [code];
                else node.typed = event.target.checked ? [...node.typed, code] : node.typed.filter((one) => one !== code);
                this.changed();
            } }), make("span", {}, shown))));
    }
    drawChips(node, subject) {
        const names = new Map(subject.choices.map((choice) => [choice.code, choice.name]));
        const free = subject.kind === "text";
        const chips = node.typed.filter(Boolean).map((code) => make("span", { class: "cb-chip" }, names.get(code) || code,
            make("button", { type: "button", "aria-label": this.words.take.replace("%(name)s", names.get(code) || code), click: () => {
                node.typed = node.typed.filter((one) => one !== code);
                this.redraw(node, ".cb-chips .cb-pick");
            } }, "✕")));
        const more = pick({
            options: subject.choices.filter((c) => c.offered && !node.typed.includes(c.code)), label: this.words.value,
            placeholder: free ? this.words.text : this.words.choose, nothing: this.words.nothing, free,
            take: (code) => {
                if (node.typed.length < MOST_CHOICES && !node.typed.includes(code)) node.typed.push(code);
                // Leaving the field takes what was typed, too: the focus is then somebody else's.
                this.redraw(node, this.elements.get(node.id).contains(document.activeElement) ? ".cb-chips .cb-pick" : "");
            },
        });
        more.querySelector("input").addEventListener("keydown", (event) => {
            if (event.key !== "Backspace" || event.target.value || !node.typed.length) return;
            node.typed.pop();
            this.redraw(node, ".cb-chips .cb-pick");
        });
        return make("span", { class: "cb-chips" }, ...chips, more);
    }

    // --- keys ---
    key(event) {
        if (event.isComposing || event.defaultPrevented) return;
        const id = Number(event.target.closest(".cb-row")?.dataset.id), node = id && this.find(id);
        if (event.key === "Enter" && !event.altKey && event.target.matches("input")) {
            event.preventDefault();
            if (node && node.about !== "") this.addAfter(node);
        }
        if (!event.altKey || !node) return;
        const acts = {
            Delete: () => this.drop(node), ArrowRight: () => this.wrap(node), ArrowLeft: () => this.lift(node),
            ArrowUp: () => this.move(node, -1), ArrowDown: () => this.move(node, 1),
        };
        // There Alt+Down opens the list or the calendar.
        if (event.key.startsWith("Arrow") && event.target.matches("select, [type=date]")) return;
        if (!acts[event.key]) return;
        event.preventDefault();
        acts[event.key]();
    }
    find(id, within = this.tree) {
        if (within.id === id) return within;
        for (const part of within.parts || []) {
            const found = this.find(id, part);
            if (found) return found;
        }
        return null;
    }

    // --- what the server says of it ---
    changed() {
        this.sent.value = JSON.stringify(this.bare(this.tree));
        this.part("tried").textContent = "";
        clearTimeout(this.later);
        this.later = setTimeout(() => this.ask(), LATER);
    }
    async post(address, fields) {
        const body = new FormData(this.form);
        body.delete(this.sent.name);
        body.delete(this.desk.dataset.name);
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        this.running?.abort();
        this.running = new AbortController();
        const answer = await fetch(address, { method: "POST", body, signal: this.running.signal, headers: { Accept: "application/json" } });
        if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error(this.words.failed);
        return answer.json();
    }
    async ask() {
        try {
            this.tell(await this.post(this.desk.dataset.askUrl, { rows: this.sent.value }));
        } catch (error) {
            if (error.name !== "AbortError") this.part("whole").textContent = this.words.failed;
        }
    }
    tell(said) {
        this.part("sentence").textContent = said.sentence || (said.wrong ? "" : this.words.empty);
        this.part("sentence").classList.toggle("cb-rest", !said.sentence);
        this.part("rest").textContent = said.sentence ? said.unfinished || "" : "";
        this.part("whole").textContent = said.wrong || "";
        this.part("rows").querySelectorAll(".cb-why").forEach((place) => (place.textContent = ""));
        this.part("rows").querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
        for (const finding of said.findings || []) {
            const element = !finding.blank && this.elements.get(this.at(finding.path)?.id);
            if (!element) continue;
            const place = element.querySelector(":scope > .cb-why");
            place.textContent = finding.why;
            if (!element.matches(".cb-row")) continue;
            const typed = element.querySelectorAll(".cb-typed, .cb-chips .cb-pick");
            (typed.length ? typed : element.querySelectorAll(".cb-pick")).forEach((field) => {
                field.setAttribute("aria-invalid", "true");
                field.setAttribute("aria-describedby", place.id);
            });
        }
    }
    async try() {
        const place = this.part("tried");
        place.textContent = this.words.trying;
        clearTimeout(this.later);
        try {
            const { said } = await this.post(this.desk.dataset.tryUrl, { rows: this.sent.value });
            place.textContent = said;
            this.tell(await this.post(this.desk.dataset.askUrl, { rows: this.sent.value }));
        } catch (error) {
            if (error.name !== "AbortError") place.textContent = this.words.failed;
        }
    }

    // --- rows or text ---
    show(asRows) {
        this.part("builder").hidden = !asRows;
        this.part("text").hidden = asRows;
        this.part("to-rows").hidden = asRows;
        if (asRows) this.draw(); else this.sent.value = "";
    }
    async toText() {
        try {
            const { text, wrong } = await this.post(this.desk.dataset.askUrl, { rows: this.sent.value });
            if (wrong) return;
            this.area().value = text;
            this.show(false);
            this.area().focus();
        } catch { this.part("whole").textContent = this.words.failed; }
    }
    area() { return this.desk.querySelector("textarea"); }
    async toRows() {
        const wrong = this.part("text-wrong");
        try {
            const said = this.area().value.trim()
                ? await this.post(this.desk.dataset.askUrl, { text: this.area().value })
                : { rows: { box: "all", parts: [{ about: "", is: "", typed: [] }] } };
            wrong.textContent = said.wrong || "";
            if (said.wrong) return;
            this.tree = this.known(said.rows);
            this.show(true);
            this.focus(this.tree);
        } catch { wrong.textContent = this.words.failed; }
    }

    // --- shown only beside a certain choice of the same form ---
    toggle() {
        const [name, value] = (this.desk.dataset.onlyWhen || "").split("=");
        const field = name && this.form.elements[name];
        if (!field) return;
        const other = this.form.elements[this.desk.dataset.instead];
        const line = (element) => element.closest(".form-row") || element.parentElement;
        const settle = () => {
            line(this.desk).hidden = field.value !== value;
            if (other) line(other).hidden = field.value === value;
        };
        field.addEventListener("change", settle);
        settle();
    }
}

document.querySelectorAll("[data-conditions]").forEach((desk) => new Builder(desk));
