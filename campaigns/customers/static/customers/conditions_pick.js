// A field that finds one of many: typing narrows by name, code and pinyin; arrows mark, Enter or Tab takes.
let made = 0;
const MOST = 80;

export const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") element.addEventListener(name, value);
        else if (value === true) element.setAttribute(name, "");
        else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
};

// options: [{code, name, find, group}]; chosen: a name that stands there already; take(code) is told what was taken,
// and with `free` whatever was typed. Enter on what is closed and unchanged is left to whoever is around.
export const pick = ({ options, chosen = "", label, placeholder = "", nothing, take, free = false }) => {
    const id = `cb-list-${made++}`;
    const list = make("ul", { id, role: "listbox", "aria-label": label, class: "cb-list", hidden: true });
    const input = make("input", {
        type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder, "aria-label": label,
        "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": id, class: "cb-input cb-pick",
    });
    input.value = chosen;
    let shown = [], marked = -1, edited = false;

    const isOpen = () => !list.hidden;
    const close = () => {
        list.hidden = true;
        marked = -1;
        input.setAttribute("aria-expanded", "false");
        input.removeAttribute("aria-activedescendant");
    };
    const mark = (number) => {
        marked = number;
        [...list.querySelectorAll("[role=option]")].forEach((option, n) => {
            option.setAttribute("aria-selected", n === marked);
            if (n !== marked) return;
            input.setAttribute("aria-activedescendant", option.id);
            option.scrollIntoView({ block: "nearest" });
        });
        if (marked < 0) input.removeAttribute("aria-activedescendant");
    };
    const open = () => {
        const words = edited ? input.value.trim().toLowerCase().split(/\s+/) : [""];
        shown = options.filter((option) => words.every((word) => option.find.includes(word))).slice(0, MOST);
        // What begins with the words comes first.
        if (edited && words[0]) shown.sort((a, b) => b.find.startsWith(words[0]) - a.find.startsWith(words[0]));
        list.replaceChildren();
        let group = "";
        shown.forEach((option, n) => {
            if (option.group && option.group !== group && !(edited && words[0])) {
                list.append(make("li", { class: "cb-group", role: "presentation" }, (group = option.group)));
            }
            list.append(make("li", {
                role: "option", id: `${id}-${n}`, class: "cb-option", "aria-selected": "false",
                mousedown: (event) => { event.preventDefault(); takeOne(n); },
            }, option.name));
        });
        if (!shown.length) {
            if (free) return close();
            list.append(make("li", { class: "cb-group", role: "presentation" }, nothing));
        }
        list.hidden = false;
        input.setAttribute("aria-expanded", "true");
        mark(edited && !free && shown.length ? 0 : -1);
    };
    const takeOne = (n) => {
        const { code, name } = shown[n];
        [input.value, chosen, edited] = [name, name, false];
        close();
        take(code);
    };
    const takeTyped = () => {
        const typed = input.value.trim();
        [input.value, edited] = ["", false];
        close();
        if (typed) take(typed);
    };

    input.addEventListener("input", () => { edited = true; open(); });
    input.addEventListener("focus", () => { input.select(); if (!free) open(); });
    input.addEventListener("click", () => { if (!isOpen() && !free) open(); });
    input.addEventListener("blur", () => {
        close();
        if (free && edited) return takeTyped();
        [input.value, edited] = [free ? "" : chosen, false];
    });
    input.addEventListener("keydown", (event) => {
        if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            if (!isOpen()) open();
            else if (shown.length) mark((marked + (event.key === "ArrowDown" ? 1 : marked < 0 ? 0 : -1) + shown.length) % shown.length);
        } else if (event.key === "Escape" && isOpen()) {
            event.preventDefault();
            event.stopPropagation();
            [input.value, edited] = [chosen, false];
            close();
        } else if ((event.key === "Enter" || (event.key === "Tab" && edited)) && isOpen() && marked >= 0) {
            event.preventDefault();
            event.stopPropagation();
            takeOne(marked);
        } else if ((event.key === "Enter" || event.key === "Tab") && free && edited) {
            event.preventDefault();
            event.stopPropagation();
            takeTyped();
        } else if (event.key === "Enter" && edited) {
            event.preventDefault();
            event.stopPropagation();
        }
    });
    return make("span", { class: "cb-picker" }, input, list);
};
