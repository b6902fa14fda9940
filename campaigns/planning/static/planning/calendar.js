// The calendar: FullCalendar draws, the server decides. Moments are clocks of the branch's zone throughout: FullCalendar is
// told that they are UTC, and so changes nothing of them.
(() => {
    const root = document.querySelector("[data-calendar]");
    if (!root) return;
    const given = JSON.parse(document.getElementById("calendar-script").textContent);
    const words = given.words;
    const filters = root.querySelector("[data-filters]");
    const owners = root.querySelector("[data-owners]");
    const said = root.querySelector("[data-said]");
    const card = root.querySelector("[data-card]");
    const ask = root.querySelector("[data-ask]");
    const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    const small = matchMedia("(max-width: 760px)");
    const KEPT = "fenhang.calendar";
    const opened = Date.now();

    const say = (text, isBad) => {
        said.textContent = text;
        said.hidden = !text;
        said.classList.toggle("is-bad", Boolean(isBad));
    };
    const local = (moment) => moment.toISOString().slice(0, 16);
    const minutes = (text) => text.slice(0, 16).replace("T", " ");

    // --- boxes ---
    function query(info) {
        const asked = new URLSearchParams({ start: info.startStr.slice(0, 10), end: info.endStr.slice(0, 10) });
        const boxes = [...filters.querySelectorAll("[name=layer]")];
        const chosen = boxes.filter((box) => box.checked);
        if (chosen.length < boxes.length) chosen.forEach((box) => asked.append("layer", box.value));
        if (boxes.length && !chosen.length) asked.append("layer", "-");
        if (filters.elements.kind.value) asked.append("kind", filters.elements.kind.value);
        if (owners.value) asked.set("owner", owners.value);
        return `${given.boxes}?${asked}`;
    }
    // A person whose things were seen once may be chosen.
    function meet(boxes) {
        const known = new Set([...owners.options].map((option) => option.value));
        for (const box of boxes) {
            const [id, name] = box.owner || [];
            if (!id || known.has(id)) continue;
            known.add(id);
            owners.add(new Option(name, id));
        }
    }
    let isList = false;
    // In the agenda a bar stands once, on the day on which it begins, and says until when it is.
    function onItsDay(box, info) {
        if (!box.allDay || !box.end) return box;
        const first = info.startStr.slice(0, 10);
        const last = new Date(`${box.end}T00:00Z`);
        last.setUTCDate(last.getUTCDate() - 1);
        const day = box.start < first ? first : box.start;
        const until = box.layer !== words.marks && !box.until ? "" : (box.until || local(last)).slice(0, 10);
        const title = until && until !== day ? `${box.title} · ${words.until.replace("{day}", until)}` : box.title;
        return { ...box, title, start: day, end: undefined, startEditable: false, durationEditable: false };
    }
    let rest = {}; // day -> how many are not listed
    let drawn = null; // done once the boxes are drawn anew: who moves one by keyboard stands on it again
    function redraw(then) { drawn = then; calendar.refetchEvents(); }
    async function fetchBoxes(info, done, failed) {
        try {
            const answer = await fetch(query(info), { headers: { Accept: "application/json" } });
            if (!answer.ok || !(answer.headers.get("Content-Type") || "").includes("json")) throw new Error(answer.status);
            const boxes = await answer.json();
            meet(boxes);
            rest = Object.fromEntries(boxes.filter((box) => box.layer === "rest").map((box) => [box.day, box]));
            if (said.dataset.lost) { say(""); delete said.dataset.lost; }
            done(isList ? boxes.map((box) => onItsDay(box, info)) : boxes);
            if (drawn) { const act = drawn; drawn = null; requestAnimationFrame(() => requestAnimationFrame(act)); }
        } catch (error) {
            drawn = null;
            said.dataset.lost = "1";
            say(words.lost, true);
            failed(error);
        }
    }

    // --- moving ---
    function shifted(text, delta) {
        const moment = new Date(`${text}Z`);
        moment.setUTCFullYear(moment.getUTCFullYear() + delta.years, moment.getUTCMonth() + delta.months, moment.getUTCDate() + delta.days);
        return local(new Date(moment.getTime() + delta.milliseconds));
    }
    async function post(url, moments) {
        const body = new FormData();
        for (const [name, value] of Object.entries(moments)) if (value) body.set(name, value);
        body.set("csrfmiddlewaretoken", token);
        try {
            const answer = await fetch(url, { method: "POST", body });
            const told = await answer.json();
            return { ok: answer.ok, said: told.said };
        } catch {
            return { ok: false, said: words.lost };
        }
    }
    // Asked before anything of which a review or customers know is moved.
    const sure = (fill) => new Promise((done) => {
        const warning = fill === "review" ? words.review : fill === "set" ? words.set : "";
        if (!warning) return done(true);
        ask.querySelector("[data-ask-said]").textContent = warning;
        ask.returnValue = "no";
        ask.addEventListener("close", () => done(ask.returnValue === "yes"), { once: true });
        ask.showModal();
    });
    const addressOf = (box) => `${given.boxes.replace(/boxes\/$/, "")}${box.layer}/${box.thing}/`;
    async function move(info, moments) {
        const box = info.event.extendedProps;
        // Campaigns pass no review.
        if (!(await sure(box.layer === "campaigns" ? "" : box.fill))) return info.revert();
        const told = await post(`${addressOf(box)}move/`, moments);
        if (!told.ok) info.revert();
        if (told.ok) redraw(() => say(told.said));
        else say(told.said, true);
    }
    function dropped(info) {
        const box = info.event.extendedProps;
        if (box.part !== "window") return move(info, { [box.part]: shifted(box.at, info.delta) });
        return move(info, { from: shifted(box.at, info.delta), until: box.until && shifted(box.until, info.delta) });
    }
    const stretched = (info) => move(info, { until: shifted(info.event.extendedProps.until, info.endDelta) });

    // --- the card ---
    let from = null; // what had the focus
    async function open(box) {
        from = document.activeElement;
        let text;
        try {
            const answer = await fetch(addressOf(box));
            text = await answer.text();
            if (!answer.ok) return say(answer.status === 404 ? text : words.lost, true);
        } catch {
            return say(words.lost, true);
        }
        card.innerHTML = text;
        card.showModal();
        (card.querySelector("input:not([disabled])") || card.querySelector("a")).focus();
    }
    card.addEventListener("click", (event) => {
        if (event.target === card || event.target.closest("[data-close]")) card.close();
    });
    card.addEventListener("close", () => { card.replaceChildren(); if (from && from.isConnected) from.focus(); });
    card.addEventListener("submit", async (event) => {
        const form = event.target.closest("[data-move]");
        if (!form) return;
        event.preventDefault();
        const changed = [...form.querySelectorAll("[data-was]")].filter((field) => field.value && field.value !== field.dataset.was);
        if (!changed.length) return card.close();
        const button = form.querySelector("button");
        button.disabled = true;
        const told = await post(form.dataset.move, Object.fromEntries(changed.map((field) => [field.name, field.value])));
        button.disabled = false;
        if (!told.ok) {
            const refused = form.querySelector("[data-refused]");
            refused.textContent = told.said;
            refused.hidden = false;
            return;
        }
        const { thing, part } = from?.dataset ?? {};
        card.close();
        redraw(() => {
            say(told.said);
            if (thing) document.querySelector(`[data-grid] [data-thing="${thing}"][data-part="${part}"]`)?.focus();
        });
    });

    // --- drawing ---
    const isChinese = given.language === "zh";
    const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
    // The link counts what FullCalendar hides; what the server did not list of that day is added.
    const moreText = (info) => {
        const span = document.createElement("span");
        span.textContent = words.more.replace("{n}", info.num);
        requestAnimationFrame(() => {
            const day = span.closest("[data-date]");
            const unlisted = day && rest[day.dataset.date.slice(0, 10)];
            if (unlisted) span.textContent = words.more.replace("{n}", (info.num - 1 + unlisted.many).toLocaleString() + unlisted.sign);
        });
        return { domNodes: [span] };
    };
    const views = { month: "dayGridMonth", week: "timeGridWeek", agenda: "listMonth" };
    const asked = new URLSearchParams(location.search);
    let kept = {};
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)) || {}; } catch { /* nothing is kept then */ }
    const begin = small.matches ? "listMonth" : views[asked.get("view")] || kept.view || "dayGridMonth";

    const calendar = new FullCalendar.Calendar(root.querySelector("[data-grid]"), {
        locale: isChinese ? "zh-cn" : "en",
        timeZone: "UTC",
        now: () => local(new Date(new Date(`${given.now}Z`).getTime() + Date.now() - opened)),
        initialView: begin,
        initialDate: asked.get("date") || kept.date || given.now.slice(0, 10),
        firstDay: 1,
        height: "auto",
        headerToolbar: { left: "prev,today,next", center: "title", right: "dayGridMonth,timeGridWeek,listMonth" },
        buttonIcons: false,
        buttonText: { prev: "‹", next: "›", today: words.today, month: words.month, week: words.week, list: words.agenda },
        buttonHints: { prev: words.before, next: words.after, today: words.today },
        viewHint: "$0",
        allDayText: words.all_day,
        noEventsContent: words.nothing,
        dayMaxEvents: 6,
        moreLinkContent: moreText,
        moreLinkHint: (many) => words.more.replace("{n}", many),
        navLinks: true,
        navLinkDayClick: (day) => calendar.changeView("listDay", day),
        scrollTime: "07:00:00",
        slotDuration: "01:00:00",
        snapDuration: "00:15:00",
        slotLabelFormat: clock,
        eventTimeFormat: clock,
        displayEventEnd: false,
        // A week of hours scrolls in itself, the others with the page.
        views: { timeGrid: { height: 720 } },
        eventMaxStack: 2,
        slotEventOverlap: false,
        nowIndicator: true,
        editable: true,
        eventStartEditable: false,
        eventDurationEditable: false,
        eventInteractive: true,
        defaultTimedEventDuration: "01:00",
        eventOrder: "rank,start,title",
        eventAllow: (drop, event) => drop.allDay === event.allDay,
        events: fetchBoxes,
        eventDrop: dropped,
        eventResize: stretched,
        eventClick: (info) => {
            info.jsEvent.preventDefault();
            const box = info.event.extendedProps;
            if (box.layer === "rest") calendar.changeView("listDay", box.day);
            else if (box.layer !== words.marks) open(box);
        },
        eventDidMount: (info) => {
            const box = info.event.extendedProps;
            if (!box.thing) { info.el.title = info.event.title; return; }
            const times = box.until ? `${minutes(box.at)} – ${minutes(box.until)}` : minutes(box.at);
            info.el.title = [info.event.title, times, box.branch, box.owner[1]].filter(Boolean).join("\n");
            info.el.dataset.thing = box.thing;
            info.el.dataset.part = box.part;
        },
        datesSet: (info) => {
            const wasList = isList;
            isList = info.view.type.startsWith("list");
            if (isList !== wasList) calendar.refetchEvents();
            try { sessionStorage.setItem(KEPT, JSON.stringify({ view: info.view.type, date: local(calendar.getDate()).slice(0, 10) })); } catch { /* private */ }
        },
    });
    calendar.render();
    filters.addEventListener("change", () => calendar.refetchEvents());
    filters.addEventListener("submit", (event) => event.preventDefault());
    small.addEventListener("change", () => calendar.changeView(small.matches ? "listMonth" : "dayGridMonth"));
    // From anywhere on the page: T today, J and K the next and the last page. Not while something is typed.
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
        if (event.target.closest("input, select, textarea")) return;
        const act = { t: () => calendar.today(), j: () => calendar.next(), k: () => calendar.prev() }[event.key];
        if (act) act();
    });
})();
