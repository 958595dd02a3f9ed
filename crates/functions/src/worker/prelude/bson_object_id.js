// `BSON.ObjectId`.
(function (native) {
  "use strict";
  const { checked, define } = native;

  const HEX_ID = /^[0-9a-f]{24}$/i;
  const seconds = () => Math.floor(Date.now() / 1000).toString(16).padStart(8, "0");

  const ObjectId = define(
    "ObjectId",
    function (id) {
      const text = id === undefined || id === null ? seconds() + native.random(8) : String(id);
      this.id = checked(text, HEX_ID, "an ObjectId of 24 hexadecimal digits").toLowerCase();
    },
    function () {
      return { $oid: this.id };
    },
    {
      toHexString() { return this.id; },
      toString() { return this.id; },
      toJSON() { return this.id; },
      equals(other) { return other !== undefined && other !== null && String(other).toLowerCase() === this.id; },
      getTimestamp() { return new Date(parseInt(this.id.slice(0, 8), 16) * 1000); },
    },
    {
      createFromHexString: (text) => new ObjectId(text),
      isValid: (text) => HEX_ID.test(String(text)),
      fromExtendedJSON: (text) => new ObjectId(text),
    },
  );

  return { ObjectId, ObjectID: ObjectId };
})
