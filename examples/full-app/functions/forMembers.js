exports = () => "for members only";
