// The owner's page: copy, send it in WeCom, say so here. What was said stays on the page; without a line nothing is lost.
const page = document.querySelector("[data-tasks]");
const words = JSON.parse(document.getElementById("ct-words").textContent);
const csrf = page.querySelector("[name=csrfmiddlewaretoken]").value;
const list = page.querySelector("[data-list]"), empty = page.querySelector("[data-empty]");

const copy = async (text) => {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // Phones without the permission, and plain http.
        const area = Object.assign(document.createElement("textarea"), { value: text });
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
    }
};

const say = async (task, address, given) => {
    const no = task.querySelector("[data-no]");
    const buttons = task.querySelectorAll("button");
    buttons.forEach((each) => { each.disabled = true; });
    no.hidden = true;
    try {
        const answer = await fetch(address, {
            method: "POST", body: new URLSearchParams(given), headers: { "X-CSRFToken": csrf, Accept: "application/json" },
            signal: AbortSignal.timeout(10000), redirect: "error",
        });
        const told = await answer.json();
        if (!answer.ok) throw Object.assign(new Error(told.no), { isTold: true });
        const line = document.createElement("li");
        for (const text of [told.at, task.querySelector("h2").textContent, told.said]) {
            line.append(Object.assign(document.createElement("span"), { textContent: text }));
        }
        list.prepend(line);
        task.remove();
        empty.hidden = Boolean(page.querySelector("[data-task]"));
    } catch (trouble) {
        no.textContent = trouble.isTold ? trouble.message : words.no_line;
        no.hidden = false;
        buttons.forEach((each) => { each.disabled = false; });
    }
};

page.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    const task = event.target.closest("[data-task]");
    if (!button || !task) return;
    if (button.hasAttribute("data-copy")) {
        await copy(button.dataset.copy || task.querySelector("[data-text]").textContent);
        const was = button.textContent;
        button.textContent = words.copied;
        setTimeout(() => { button.textContent = was; }, 1500);
    } else if (button.hasAttribute("data-done")) {
        say(task, task.dataset.confirm, {});
    } else if (button.hasAttribute("data-leave")) {
        const why = task.querySelector("[data-why]");
        why.hidden = !why.hidden;
        if (!why.hidden) why.querySelector("input").focus();
    }
});

page.addEventListener("submit", (event) => {
    event.preventDefault();
    const task = event.target.closest("[data-task]");
    say(task, task.dataset.skip, { why: event.target.elements.why.value });
});
