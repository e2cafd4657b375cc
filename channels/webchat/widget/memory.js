// Whose chat this is, so that two people at one browser never see or send each other's messages.
const subject = () => {
  try { return JSON.parse(atob(options.identity.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).sub; }
  catch { return ''; }
};
const prefix = `frontdesk ${base} ${options.identity ? 'user ' + subject() : ''}:`;

// What the browser keeps. Where storage is blocked or full, it lasts as long as the page.
const shelf = kind => {
  const own = {};
  const all = action => { try { return action(window[kind]); } catch { return null; } };
  return {
    get: key => JSON.parse(own[key] ?? all(store => store[prefix + key]) ?? null),
    set(key, value) {
      own[key] = JSON.stringify(value);
      all(store => { store[prefix + key] = own[key]; delete own[key]; });
    },
    drop(key) {
      delete own[key];
      all(store => delete store[prefix + key]);
    },
    keys: start => (all(Object.keys) || []).filter(key => key.startsWith(prefix + start)).map(key => key.slice(prefix.length)),
  };
};
const kept = shelf('localStorage'), tab = shelf('sessionStorage');

// crypto.randomUUID exists on secure pages only.
const uuid = () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g,
  c => (+c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> +c / 4).toString(16));
