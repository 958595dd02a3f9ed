exports = (name) => `Hello, ${name}!`;
