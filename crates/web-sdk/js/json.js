// JSON values, for the core: what it does with them happens here, on JavaScript's own objects. Nothing
// throws, so that the WebAssembly needs no way to catch.

export const Json = {
    // The value that `text` spells; undefined if it is not JSON.
    parse(text) {
        try {
            return JSON.parse(text);
        } catch {
            return undefined;
        }
    },

    // The JSON in a part of a token; undefined if it is none.
    decode(text) {
        try {
            const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
            return Json.parse(new TextDecoder().decode(bytes));
        } catch {
            return undefined;
        }
    },

    // As JSON text.
    stringify(value) {
        return JSON.stringify(value);
    },

    // A member; null if there is none.
    get(value, name) {
        return value?.[name] ?? null;
    },

    // A copy of an object, or of nothing.
    copy(object) {
        return { ...object };
    },

    // Sets a member.
    set(object, name, value) {
        object[name] = value;
    },

    // The names of an object's members; null if it is not an object.
    names(value) {
        return typeof value === "object" && value && !Array.isArray(value) ? Object.keys(value) : null;
    },

    // An empty array.
    list() {
        return [];
    },

    // Adds to an array.
    push(array, value) {
        array.push(value);
    },

    // How long an array is; -1 if it is none.
    length(value) {
        return Array.isArray(value) ? value.length : -1;
    },
};
