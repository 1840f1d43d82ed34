/**
 * One message in a conversation: a text, a picture, or a file with what can be done to it. A message that has not
 * changed is not drawn again.
 */
/** @jsxImportSource hono/jsx/dom */
import { memo, useEffect, useState } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import { type FileInfo, formatSize, type Item } from "../client/state.ts";
import { Icon, type IconName } from "./icons.tsx";
import { statusWord, Ticks } from "./ticks.tsx";

/** What browsers show in an image element without running anything in it. */
const pictures = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

interface Props {
  item: Item;
  actions: Actions;
}

function MessageView({ item, actions }: Props) {
  const { out, peer, file, at } = item;
  return (
    <div class={`message ${out ? "out" : "in"}`} data-id={item.id}>
      <span class="visually-hidden">{out ? "You:" : `${peer}:`}</span>
      {file === undefined ? (
        <p class="text">{item.text}</p>
      ) : (
        <FileView item={item} file={file} actions={actions} />
      )}
      {out && item.status === "failed" && (
        <span class="problem">
          Not sent{item.reason === undefined ? "" : `: ${item.reason}`}.{" "}
          <button class="link" type="button" onClick={() => actions.retry(item)}>
            Send again
          </button>
        </span>
      )}
      <span class="meta">
        <time datetime={new Date(at).toISOString()}>{time.format(at)}</time>
        {out && <Ticks item={item} label={statusWord(item)} />}
      </span>
    </div>
  );
}

/** A message. */
export const Message: (props: Props) => ReturnType<typeof MessageView> = memo(
  MessageView,
  (before, now) => before.item === now.item,
) as never;

function FileView({ item, file, actions }: Props & { file: FileInfo }) {
  const { out, status } = item;
  const whole = out ? status !== "cancelled" && status !== "failed" : status === "received";
  const url = useObjectUrl(item, whole, actions);
  const moving = status === "waiting" || status === "sending" || status === "receiving";
  // What says that it is a picture may be something else, which is then a file like any other.
  const [broken, setBroken] = useState(false);
  const picture = pictures.test(file.type) && url !== undefined && !broken;
  const sent = Math.max(0, Math.min(file.octets - file.head.length, file.size));
  const percent = file.size === 0 ? 100 : Math.floor((100 * sent) / file.size);
  return (
    <div class="file">
      {picture && (
        <a href={url} target="_blank" rel="noopener" class="picture">
          <img src={url} alt={file.name} loading="lazy" onError={() => setBroken(true)} />
        </a>
      )}
      <div class="file-row">
        {!picture && (
          <span class="file-icon">
            <Icon name="file" />
          </span>
        )}
        <span class="file-name">
          <strong title={file.name}>{file.name}</strong>
          <span class="file-size">
            {item.paused && moving ? "paused · " : ""}
            {moving ? `${formatSize(sent)} of ${formatSize(file.size)}` : formatSize(file.size)}
            {status === "waiting" && !item.paused ? " · waiting" : ""}
            {status === "failed" || status === "cancelled" ? ` · ${statusWord(item)}` : ""}
          </span>
        </span>
        <span class="file-actions">
          {out &&
            moving &&
            (item.paused ? (
              <Action name="resume" label={`Go on with ${file.name}`} run={() => actions.resume(item)} />
            ) : (
              <Action name="pause" label={`Pause ${file.name}`} run={() => actions.pause(item)} />
            ))}
          {moving && <Action name="cancel" label={`Cancel ${file.name}`} run={() => actions.cancel(item)} />}
          {!moving && url !== undefined && !out && (
            <a class="plain" href={url} download={file.name} aria-label={`Save ${file.name}`} title="Save">
              <Icon name="download" />
            </a>
          )}
        </span>
      </div>
      {moving && (
        <progress
          max="100"
          value={String(percent)}
          aria-label={`${out ? "Sending" : "Receiving"} ${file.name}`}
        >
          {percent} %
        </progress>
      )}
    </div>
  );
}

function Action({ name, label, run }: { name: IconName; label: string; run: () => void }) {
  return (
    <button class="plain" type="button" aria-label={label} title={label} onClick={run}>
      <Icon name={name} />
    </button>
  );
}

/** A URL of the file's octets for as long as it is shown. */
function useObjectUrl(item: Item, whole: boolean, actions: Actions): string | undefined {
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (!whole) return undefined;
    let made: string | undefined;
    let gone = false;
    void actions.file(item).then((blob) => {
      if (gone || blob === undefined) return;
      made = URL.createObjectURL(blob);
      setUrl(made);
    });
    return () => {
      gone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [item.id, whole]);
  return url;
}
