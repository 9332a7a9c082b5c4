// The task on this screen. Called again on every run of the page; the task that is already there goes on.

const tasks = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const send = { report: report => setStateValue("report", report), answer: answer => setStateValue("answer", answer) }
  let task = tasks.get(parentElement)
  if (task?.name === data.task) {
    task.send = send
    task.update(data)
  } else {
    task?.stop()
    task = new (data.switching ? Comparison : Task)(parentElement, data, send)
    tasks.set(parentElement, task)
  }
  return () => setTimeout(() => parentElement.isConnected || task.stop(), 0)
}
