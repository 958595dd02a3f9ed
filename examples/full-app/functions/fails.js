exports = () => unknown.member;
