exports = () => "a function let you in";
