/** The live connection of the page, opened once for as long as somebody is logged in. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { connect, type LiveConnection } from "../api/stream";

/** Opens the live connection; returns how to try again at once. */
export function useLive(): () => void {
  const cache = useQueryClient();
  const live = useRef<LiveConnection>(null);
  useEffect(() => {
    const opened = connect(cache);
    live.current = opened;
    return () => opened.close();
  }, [cache]);
  return () => live.current?.retry();
}
