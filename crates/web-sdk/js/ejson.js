// Extended JSON, as functions take and give it: canonical on the way out, JavaScript's own types on the
// way in. Values of the `bson` package are understood on the way out.

/** Twelve bytes that name a document. Equal to, and accepted by, `ObjectId` of the `bson` package by its hex form. */
export class ObjectId {
    #hex;
    constructor(hex) {
        if (!/^[0-9a-f]{24}$/i.test(hex)) {
            throw new TypeError("An ObjectId is 24 hexadecimal digits");
        }
        this.#hex = hex.toLowerCase();
    }
    toHexString() {
        return this.#hex;
    }
    toString() {
        return this.#hex;
    }
    toJSON() {
        return this.#hex;
    }
    equals(other) {
        return String(other) === this.#hex;
    }
    toExtendedJSON() {
        return { $oid: this.#hex };
    }
}

/** `value` as canonical extended JSON: plain objects, arrays, strings, booleans and nulls. */
export function serialize(value) {
    switch (typeof value) {
        case "number":
            return number(value);
        case "bigint":
            return { $numberLong: String(value) };
        case "undefined":
        case "function":
        case "symbol":
            return null;
        case "object":
            return value && object(value);
        default:
            return value;
    }
}

function number(value) {
    if (value === (value | 0)) {
        return { $numberInt: String(value) };
    }
    const isLong = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
    return isLong ? { $numberLong: String(BigInt(value)) } : { $numberDouble: String(value) };
}

function object(value) {
    if (typeof value.toExtendedJSON === "function") {
        return value.toExtendedJSON({ relaxed: false });
    }
    if (value instanceof Date) {
        return { $date: { $numberLong: String(value.getTime()) } };
    }
    if (value instanceof RegExp) {
        return { $regularExpression: { pattern: value.source, options: value.flags } };
    }
    if (value instanceof Uint8Array) {
        return { $binary: { base64: btoa(String.fromCharCode(...value)), subType: "00" } };
    }
    if (Array.isArray(value)) {
        return value.map(serialize);
    }
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return Object.fromEntries(entries.filter(([, member]) => member !== undefined).map(([k, v]) => [k, serialize(v)]));
}

const TYPES = {
    $oid: (hex) => new ObjectId(hex),
    $numberInt: Number,
    $numberDouble: Number,
    $numberLong: (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)),
    $date: (date) => new Date(deserialize(date)),
    $binary: ({ base64 }) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
    $regularExpression: ({ pattern, options }) => new RegExp(pattern, options),
    $undefined: () => undefined,
};

/** What `value`, parsed extended JSON, stands for. What JavaScript has no type for stays as it is. */
export function deserialize(value) {
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (Array.isArray(value)) {
        return value.map(deserialize);
    }
    const entries = Object.entries(value);
    if (entries.length === 1 && Object.hasOwn(TYPES, entries[0][0])) {
        return TYPES[entries[0][0]](entries[0][1]);
    }
    return Object.fromEntries(entries.map(([name, member]) => [name, deserialize(member)]));
}
