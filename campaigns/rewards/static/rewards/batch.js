// The form of a batch: the amounts of the chosen kind alone, and what a customer will read of what is typed.
const LATER = 300;
const AMOUNTS = ["threshold_fen", "percent", "thing", "face_value", "face_unit"];

const kind = document.querySelector("select[data-rw-own]");
if (kind) {
    const form = kind.form, own = JSON.parse(kind.dataset.rwOwn), off = JSON.parse(kind.dataset.rwOff);
    const line = (name) => form.elements[name]?.closest(`.field-${name}`) || form.elements[name]?.parentElement;
    const label = form.querySelector("label[for='id_off_fen']");

    const settle = () => {
        for (const name of AMOUNTS) {
            const box = line(name);
            if (box) box.hidden = !own[kind.value].includes(name);
        }
        const star = label?.querySelector("span");
        if (label) label.replaceChildren(off[kind.value], ...(star ? [star] : []));
        // A row of which nothing is left leaves no gap.
        for (const row of form.querySelectorAll(".form-row")) {
            const boxes = [...row.querySelectorAll("[class*='field-']")];
            if (boxes.length && AMOUNTS.some((name) => boxes.includes(line(name)))) {
                row.hidden = boxes.every((box) => box.hidden);
            }
        }
    };

    const said = document.createElement("p");
    said.className = "rw-live";
    said.setAttribute("role", "status");
    said.setAttribute("aria-label", kind.dataset.rwLabel);
    said.textContent = kind.dataset.rwLater;
    (form.querySelector("fieldset") || form).before(said);

    let timer = 0, running = null;
    const ask = async () => {
        running?.abort();
        running = new AbortController();
        try {
            const answer = await fetch(kind.dataset.rwAsk, { method: "POST", body: new FormData(form), signal: running.signal, headers: { Accept: "application/json" } });
            if (!answer.ok) return;
            const told = await answer.json();
            said.classList.toggle("rw-refused", Boolean(told.refused));
            if (told.refused) said.textContent = told.refused;
            else if (told.wrong) said.textContent = kind.dataset.rwLater;
            else {
                const other = document.createElement("small");
                other.lang = "en";
                other.textContent = told.en;
                said.replaceChildren(told.zh, other);
            }
        } catch { /* a newer question is under way, or the page is being left */ }
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(ask, LATER); };

    kind.addEventListener("change", settle);
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    settle();
    ask();
}
