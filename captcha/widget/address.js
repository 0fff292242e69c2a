/** Where this script came from: the provider is there too. */
const tag = document.currentScript || Array.from(document.scripts).find((one) => /\/api\.js|\/enterprise\.js/.test(one.src));
const source = new URL((tag && tag.src) || location.href);
const query = source.searchParams;
const provider = source.origin;
