namespace Meshover.Lab.Underlays;

/// <summary>nftables rules of a household router, in nft's own JSON.</summary>
internal static class NatRules
{
    /// <summary>Hides what leaves by the port behind its address and forwards nothing in that was not asked for.</summary>
    internal static string Masquerade(string outside) => """
        {"nftables":[
          {"add":{"table":{"family":"inet","name":"nat"}}},
          {"add":{"chain":{"family":"inet","table":"nat","name":"out","type":"nat","hook":"postrouting","prio":100,"policy":"accept"}}},
          {"add":{"rule":{"family":"inet","table":"nat","chain":"out","expr":[
            {"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"OUTSIDE"}},{"masquerade":null}]}}},
          {"add":{"chain":{"family":"inet","table":"nat","name":"in","type":"filter","hook":"forward","prio":0,"policy":"accept"}}},
          {"add":{"rule":{"family":"inet","table":"nat","chain":"in","expr":[
            {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"OUTSIDE"}},
            {"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["new","invalid"]}},{"drop":null}]}}}
        ]}
        """.Replace("OUTSIDE", outside, StringComparison.Ordinal);
}
