/* Asking the server for a part of a page; where the session has ended, the log-in comes instead. */

/** Fetch like `fetch`; never comes back when nobody is signed in any more. */
export async function ask(address, options) {
  const answer = await fetch(address, options);
  if (answer.status !== 401) return answer;
  const here = location.pathname + location.search;
  location.assign(`/login?${new URLSearchParams({ next: here })}`);
  return new Promise(() => {});
}
