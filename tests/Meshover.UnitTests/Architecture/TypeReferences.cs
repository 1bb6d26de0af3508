using System.Reflection;
using System.Reflection.Emit;

namespace Meshover.UnitTests.Architecture;

/// <summary>
/// Which types a type uses: in signatures, fields and in its code, which is read as IL. Nested types (and
/// what the compiler makes of lambdas and async methods) count as their outermost type.
/// </summary>
internal static class TypeReferences
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The outermost types of an assembly that the compiler did not make.</summary>
    public static IEnumerable<Type> TypesOf(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.DeclaringType is null && !type.Name.Contains('<', StringComparison.Ordinal));

    /// <summary>Every outermost type that <paramref name="type"/> names or calls.</summary>
    public static HashSet<Type> Of(Type type)
    {
        var used = new HashSet<Type>();
        foreach (var part in WithNested(type))
            AddType(part, used);
        return [.. used.Select(Outermost).Where(other => other != type)];
    }

    /// <summary>Everything of the same assembly that can be reached from a type, itself included.</summary>
    public static HashSet<Type> Closure(Type start)
    {
        var (seen, open) = (new HashSet<Type> { start }, new Queue<Type>([start]));
        while (open.TryDequeue(out var type))
        {
            foreach (var next in Of(type).Where(next => next.Assembly == start.Assembly && seen.Add(next)))
                open.Enqueue(next);
        }
        return seen;
    }

    private static IEnumerable<Type> WithNested(Type type) => type.GetNestedTypes(All).SelectMany(WithNested).Prepend(type);

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type.IsGenericType && !type.IsGenericTypeDefinition ? type.GetGenericTypeDefinition() : type;
    }

    private static void AddType(Type type, HashSet<Type> used)
    {
        Add(type.BaseType, used);
        foreach (var one in type.GetInterfaces().Concat(type.GetFields(All).Select(field => field.FieldType)))
            Add(one, used);
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
            AddMethod(method, used);
    }

    private static void AddMethod(MethodBase method, HashSet<Type> used)
    {
        foreach (var parameter in method.GetParameters())
            Add(parameter.ParameterType, used);
        Add((method as MethodInfo)?.ReturnType, used);
        if (method.GetMethodBody() is not { } body)
            return;
        foreach (var local in body.LocalVariables)
            Add(local.LocalType, used);
        foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
            Add(clause.CatchType, used);
        foreach (var token in Tokens(body.GetILAsByteArray() ?? []))
            AddMember(Resolve(method, token), used);
    }

    private static void AddMember(MemberInfo? member, HashSet<Type> used)
    {
        Add(member as Type ?? member?.DeclaringType, used);
        if (member is FieldInfo field)
            Add(field.FieldType, used);
        if (member is MethodInfo { IsGenericMethod: true } generic)
        {
            foreach (var argument in generic.GetGenericArguments())
                Add(argument, used);
        }
    }

    private static void Add(Type? type, HashSet<Type> used)
    {
        if (type is null || type.IsGenericParameter)
            return;
        if (type.HasElementType)
        {
            Add(type.GetElementType(), used);
            return;
        }
        if (type.IsGenericType)
        {
            foreach (var argument in type.GetGenericArguments())
                Add(argument, used);
        }
        used.Add(type);
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        try
        {
            var typeArguments = method.DeclaringType is { IsGenericType: true } owner ? owner.GetGenericArguments() : null;
            return method.Module.ResolveMember(token, typeArguments, method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The metadata tokens of a method's instructions (ECMA-335, III.1.2).</summary>
    private static IEnumerable<int> Tokens(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            var value = il[at] == 0xfe ? (short)(0xfe00 | il[at + 1]) : il[at];
            var code = OpCodesByValue[value];
            at += code.Size;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
                yield return BitConverter.ToInt32(il, at);
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }
    }
}
