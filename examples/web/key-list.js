// The list of keys. Names were chosen by people, so they only ever become text, never HTML.

const list = document.getElementById("list");
const row = document.getElementById("row");

/** Shows these keys. `toggle` and `remove` are called with the key whose button was pressed. */
export function renderKeys(keys, actions) {
    list.replaceChildren(...keys.map((key) => rowOf(key, actions)));
    document.getElementById("no-keys").hidden = keys.length > 0;
}

function rowOf(key, { toggle, remove }) {
    const { _id, name, disabled } = key;
    const item = row.content.cloneNode(true).firstElementChild;
    const part = (selector) => item.querySelector(selector);
    const label = (selector, text, whole) => {
        part(selector).textContent = text;
        // Buttons of many rows are called the same: read out, each says which key it is for.
        part(selector).setAttribute("aria-label", whole);
    };

    item.dataset.id = _id;
    item.classList.toggle("off", disabled);
    part(".name").textContent = name;
    part(".state").textContent = disabled ? "disabled" : "enabled";
    const action = disabled ? "Enable" : "Disable";
    label(".toggle", action, `${action} ${name}`);
    label(".delete", "Delete", `Delete ${name}`);
    label(".keep", "Keep it", `Keep it: ${name}`);
    label(".danger", "Delete for good", `Delete for good: ${name}`);
    part(".question").textContent = `Delete “${name}”? What uses it stops working at once.`;

    const ask = (asking) => {
        item.classList.toggle("asking", asking);
        part(".confirm").hidden = !asking;
        part(".actions").hidden = asking;
        part(asking ? ".keep" : ".delete").focus();
    };
    part(".toggle").addEventListener("click", () => toggle(key));
    part(".delete").addEventListener("click", () => ask(true));
    part(".keep").addEventListener("click", () => ask(false));
    part(".danger").addEventListener("click", () => remove(key));
    part(".confirm").addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            ask(false);
        }
    });
    return item;
}
