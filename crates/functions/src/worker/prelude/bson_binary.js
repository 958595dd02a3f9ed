// `BSON.Binary`. Bytes are kept in base64, as native code takes them. A UUID is a Binary.
(function (native) {
  "use strict";
  const { checked, define } = native;

  const HEX = /^([0-9a-f]{2})*$/i;
  const subtype = (value) =>
    typeof value === "number" ? value.toString(16).padStart(2, "0") : String(value ?? "00").padStart(2, "0");
  const bytes = (base64) => Uint8Array.fromBase64(base64);
  const Binary = define(
    "Binary",
    function (content = "", type = 0) {
      if (typeof content === "string") this.base64 = native.encode(content);
      else if (content instanceof Uint8Array) this.base64 = content.toBase64();
      else throw new TypeError("a Binary is made of a string or a Uint8Array");
      this.subType = checked(subtype(type), /^[0-9a-f]{2}$/i, "a subtype of one byte");
    },
    function () {
      return { $binary: { base64: this.base64, subType: this.subType } };
    },
    {
      get buffer() { return bytes(this.base64); },
      length() { return bytes(this.base64).length; },
      text() { return native.decode(this.base64); },
      toString() { return native.decode(this.base64); },
      toHex() { return bytes(this.base64).toHex(); },
      toBase64() { return this.base64; },
      toJSON() { return this.base64; },
    },
    {
      fromHex: (text, type) => new Binary(Uint8Array.fromHex(checked(text, HEX, "text in hexadecimal")), type),
      fromBase64: (text, type) => new Binary(Uint8Array.fromBase64(String(text)), type),
      fromExtendedJSON: ({ base64, subType }) => new Binary(Uint8Array.fromBase64(base64), subType),
    },
  );

  const UUID = {
    fromExtendedJSON: (text) => Binary.fromHex(text.replaceAll("-", ""), 4),
  };

  return { Binary, UUID };
})
