// The numbers of `BSON`.
(function (native) {
  "use strict";
  const { checked, define } = native;

  const number = (name, field, normalize, show) => {
    const make = define(
      name,
      function (value) {
        this.value = normalize(value);
      },
      function () {
        return { [field]: show(this.value) };
      },
      {
        valueOf() { return this.value; },
        toString() { return String(this.value); },
        toJSON() { return this.value; },
      },
      { fromExtendedJSON: (text) => new make(text) },
    );
    return make;
  };
  const Int32 = number("Int32", "$numberInt", (value) => Number(value) | 0, String);
  const Double = number("Double", "$numberDouble", Number, (value) => (Object.is(value, -0) ? "-0.0" : String(value)));

  const low64 = (value) => BigInt.asIntN(64, value);
  const Long = define(
    "Long",
    // As in the BSON library: two halves, or one value.
    function (low, high) {
      if (typeof low === "number" && typeof high === "number") {
        this.big = low64((BigInt(high | 0) << 32n) | BigInt(low >>> 0));
      } else {
        this.big = low64(typeof low === "number" ? BigInt(Math.trunc(low)) : BigInt(low ?? 0));
      }
    },
    function () {
      return { $numberLong: String(this.big) };
    },
    {
      toNumber() { return Number(this.big); },
      toInt() { return Number(BigInt.asIntN(32, this.big)); },
      toBigInt() { return this.big; },
      valueOf() { return Number(this.big); },
      toString(radix) { return this.big.toString(radix); },
      toJSON() { return Number(this.big); },
      equals(other) { return this.big === Long.fromValue(other).big; },
      compare(other) {
        const { big } = Long.fromValue(other);
        return this.big < big ? -1 : this.big > big ? 1 : 0;
      },
      add(other) { return new Long(this.big + Long.fromValue(other).big); },
      subtract(other) { return new Long(this.big - Long.fromValue(other).big); },
      multiply(other) { return new Long(this.big * Long.fromValue(other).big); },
    },
    {
      fromString: (text) => new Long(BigInt(text)),
      fromNumber: (value) => new Long(BigInt(Math.trunc(value))),
      fromInt: (value) => new Long(BigInt(value | 0)),
      fromBigInt: (value) => new Long(value),
      fromValue: (value) => (value instanceof Long ? value : new Long(value)),
      fromExtendedJSON: (text) => new Long(BigInt(text)),
    },
  );

  const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(E[+-]?\d+)?$|^[+-]?(inf(inity)?|nan)$/i;
  const Decimal128 = define(
    "Decimal128",
    function (text) {
      this.text = checked(String(text), DECIMAL, "a decimal number");
    },
    function () {
      return { $numberDecimal: this.text };
    },
    { toString() { return this.text; } },
    {
      fromString: (text) => new Decimal128(text),
      fromExtendedJSON: (text) => new Decimal128(text),
    },
  );

  return { Decimal128, Double, Int32, Long };
})
