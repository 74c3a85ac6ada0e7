import { useEffect, useState } from "react";

/**
 * The value, once it has stayed the same for this many milliseconds; nothing until then. For requests about a
 * moving cursor.
 */
export function useSettled<Value>(value: Value, milliseconds: number): Value | undefined {
  const [settled, setSettled] = useState<Value>();
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled === value ? settled : undefined;
}
