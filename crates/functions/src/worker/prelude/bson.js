// The global `BSON`: the types that JavaScript has not. Compiling them all costs more than most functions, so
// each part, in `bson_*.js`, is compiled when one of its types is asked for.
(function (native) {
  "use strict";

  // Makes a class that can be called with and without `new`, and says what it is in EJSON.
  native.define = (name, initialize, toExtendedJSON, methods, statics) => {
    const make = {
      [name]: function (...values) {
        const self = new.target ? this : Object.create(make.prototype);
        initialize.apply(self, values);
        return self;
      },
    }[name];
    const hidden = (object, members) => {
      for (const [key, value] of Object.entries(Object.getOwnPropertyDescriptors(members))) {
        Object.defineProperty(object, key, { ...value, enumerable: false });
      }
    };
    hidden(make.prototype, { _bsontype: name, toExtendedJSON, toJSON: toExtendedJSON });
    hidden(make.prototype, methods);
    hidden(make, statics);
    return make;
  };

  native.checked = (text, pattern, what) => {
    if (typeof text !== "string" || !pattern.test(text)) throw new TypeError(`${what} is expected`);
    return text;
  };
  const BSON = {};
  const part = (name, types) => {
    for (const type of types) {
      const get = () => native.module(name)[type];
      Object.defineProperty(BSON, type, { configurable: true, enumerable: true, get });
    }
  };
  part("bson_object_id", ["ObjectId", "ObjectID"]);
  part("bson_binary", ["Binary", "UUID"]);
  part("bson_number", ["Decimal128", "Double", "Int32", "Long"]);
  part("bson_other", ["BSONRegExp", "MaxKey", "MinKey", "Timestamp"]);
  return BSON;
})
