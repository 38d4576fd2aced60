/* What Streamlit calls at every rerun: the same replay goes on, another one begins. */
const players = new WeakMap();

export default function picture({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector(".replay");
  const before = players.get(host);
  if (before?.key === data.key) before.send = setTriggerValue;
  else {
    before?.end();
    players.set(host, new Player(host, data.key, JSON.parse(data.replay), setTriggerValue));
  }
  return () => {
    players.get(host)?.end();
    players.delete(host);
  };
}
