// The policy editor: cards of steps that are added, moved and taken out; the drawing follows what is typed.
(() => {
    const desk = document.querySelector("[data-policy]");
    if (!desk) return;
    const form = desk.querySelector("#policy_form");
    const steps = desk.querySelector("[data-steps]");
    const drawing = desk.querySelector("[data-drawing]");
    let made = 0, running = null, later = 0;

    // --- the cards ---
    const settle = (card) => {
        card.dataset.howIs = card.querySelector("[data-how]").value;
        card.querySelectorAll("[data-seat]").forEach((seat) => (seat.dataset.by = seat.querySelector("[data-by-choice]").value));
        card.toggleAttribute("data-is-line", !!card.querySelector("[data-seat][data-by=line]"));
    };
    const blank = (what, keys) => {
        const holder = document.createElement("ul");
        let html = desk.querySelector(`[data-blank-${what}]`).innerHTML;
        for (const [word, key] of Object.entries(keys)) html = html.replaceAll(word, key);
        holder.innerHTML = html;
        return holder.firstElementChild;
    };
    const key = () => `n${Date.now().toString(36)}${made++}`;
    const acts = {
        "add-step": () => {
            const card = blank("step", { STEP: key() });
            steps.append(card);
            settle(card);
            card.querySelector("input[type=text]").focus();
        },
        "drop-step": (_button, card) => {
            const next = card.nextElementSibling || card.previousElementSibling;
            card.remove();
            (next?.querySelector("input[type=text]") || desk.querySelector("[data-act=add-step]")).focus();
        },
        "up": (button, card) => { card.previousElementSibling?.before(card); button.focus(); },
        "down": (button, card) => { card.nextElementSibling?.after(card); button.focus(); },
        "add-seat": (_button, card) => {
            const seat = blank("seat", { SEAT: key(), STEP: card.querySelector("[data-step-key]").value });
            card.querySelector("[data-seats]").append(seat);
            settle(card);
            seat.querySelector("select").focus();
        },
        "drop-seat": (button, card) => {
            button.closest("[data-seat]").remove();
            settle(card);
            card.querySelector("[data-act=add-seat]").focus();
        },
    };
    if (steps) {
        steps.querySelectorAll("[data-step]").forEach(settle);
        form.addEventListener("click", (event) => {
            const button = event.target.closest("[data-act]");
            if (!button) return;
            acts[button.dataset.act](button, button.closest("[data-step]"));
            draw();
        });
        steps.addEventListener("keydown", (event) => {
            const act = event.altKey && { ArrowUp: "up", ArrowDown: "down" }[event.key];
            if (!act) return;
            event.preventDefault();
            acts[act](event.target, event.target.closest("[data-step]"));
            draw();
        });
        form.addEventListener("change", (event) => {
            const card = event.target.closest("[data-step]");
            if (card) settle(card);
            draw();
        });
        form.addEventListener("input", (event) => {
            if (event.target.matches("[data-person]")) propose(event.target.value);
            draw();
        });
    }

    // --- what the server says of it ---
    const typed = () => {
        const fields = steps ? new FormData(form) : new FormData();
        fields.set("csrfmiddlewaretoken", desk.querySelector("[name=csrfmiddlewaretoken]").value);
        return fields;
    };
    const draw = () => {
        clearTimeout(later);
        later = setTimeout(async () => {
            running?.abort();
            running = new AbortController();
            try {
                const answer = await fetch(desk.dataset.drawingUrl, { method: "POST", body: typed(), signal: running.signal });
                if (answer.ok) drawing.innerHTML = await answer.text();
            } catch (error) {
                if (error.name !== "AbortError") throw error;
            }
        }, 250);
    };
    const propose = async (words) => {
        const answer = await fetch(`${desk.dataset.peopleUrl}?q=${encodeURIComponent(words)}`);
        if (!answer.ok) return;
        const { people } = await answer.json();
        desk.querySelector("#po-people").replaceChildren(...people.map((name) => new Option("", name)));
    };

    desk.querySelector("[data-trial-form]")?.addEventListener("submit", async (event) => {
        event.preventDefault();
        const asked = typed();
        asked.set("revision", event.target.revision.value);
        if (desk.dataset.policyId) asked.set("policy", desk.dataset.policyId);
        const answer = await fetch(desk.dataset.trialUrl, { method: "POST", body: asked });
        if (answer.ok) desk.querySelector("[data-trial]").innerHTML = await answer.text();
    });
    if (steps && !drawing.childElementCount) draw();
})();
