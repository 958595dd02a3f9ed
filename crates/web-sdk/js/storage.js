// Where sessions are kept, under the keys that `realm-web` uses.

/** A storage whose keys all begin with `part:` in another storage. */
class PrefixedStorage {
    #storage;
    #prefix;

    constructor(storage, part) {
        this.#storage = storage;
        this.#prefix = `${part}:`;
    }
    get(key) {
        return this.#storage.get(this.#prefix + key);
    }
    set(key, value) {
        this.#storage.set(this.#prefix + key, value);
    }
    remove(key) {
        this.#storage.remove(this.#prefix + key);
    }
    prefix(part) {
        return new PrefixedStorage(this, part);
    }
    clear(prefix = "") {
        this.#storage.clear(this.#prefix + prefix);
    }
    addListener(listener) {
        this.#storage.addListener(listener);
    }
    removeListener(listener) {
        this.#storage.removeListener(listener);
    }
}

/** Keeps entries for as long as the program runs. */
export class MemoryStorage {
    #entries = new Map();
    #listeners = new Set();

    get(key) {
        return this.#entries.get(key) ?? null;
    }
    set(key, value) {
        this.#entries.set(key, value);
        this.#changed();
    }
    remove(key) {
        this.#entries.delete(key);
        this.#changed();
    }
    prefix(part) {
        return new PrefixedStorage(this, part);
    }
    clear(prefix = "") {
        for (const key of [...this.#entries.keys()]) {
            if (key.startsWith(prefix)) {
                this.#entries.delete(key);
            }
        }
        this.#changed();
    }
    addListener(listener) {
        this.#listeners.add(listener);
    }
    removeListener(listener) {
        this.#listeners.delete(listener);
    }
    #changed() {
        for (const listener of this.#listeners) {
            listener();
        }
    }
}

/** Keeps entries in the browser, for every tab of the same origin. */
export class LocalStorage {
    // A page may be forbidden to touch its own storage; then even reading the property throws.
    static available() {
        try {
            return typeof globalThis.localStorage?.getItem === "function";
        } catch {
            return false;
        }
    }
    get(key) {
        return globalThis.localStorage.getItem(key);
    }
    set(key, value) {
        globalThis.localStorage.setItem(key, value);
    }
    remove(key) {
        globalThis.localStorage.removeItem(key);
    }
    prefix(part) {
        return new PrefixedStorage(this, part);
    }
    clear(prefix = "") {
        for (const key of Object.keys(globalThis.localStorage)) {
            if (key.startsWith(prefix)) {
                globalThis.localStorage.removeItem(key);
            }
        }
    }
    addListener(listener) {
        globalThis.addEventListener("storage", listener);
    }
    removeListener(listener) {
        globalThis.removeEventListener("storage", listener);
    }
}
