/** The live connection of the page, opened once while a user is logged in. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { connect, type LiveConnection } from "../api/stream";

/** Opens the live connection; returns a function that retries at once. */
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
