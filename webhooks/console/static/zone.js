// Tells the server the reader's time zone; without this script times are shown in UTC.
// Inside another site's frame only a cookie of that frame alone is kept.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const apart = window.top !== window && location.protocol === "https:";
if (zone) {
  document.cookie = `ops_zone=${zone}; Path=/ops; Max-Age=31536000; ${apart ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax"}`;
}
